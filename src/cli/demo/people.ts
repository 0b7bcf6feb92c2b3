/** Who speaks on the day of the demo. All numbers are from the range reserved for fiction. */

/** The firm's number, at which clients write and call. */
export const desk = '+12025550142';
/** Where it is forwarded to, and whose WhatsApp is linked. */
export const danasPhone = '+12025550145';
export const botId = '5550100';

export const custodian = { name: 'Dana Whitfield', addresses: [desk, danasPhone, botId] };

export const sarah = '+12025550171';
export const marcus = '+12025550172';
export const lena = '+12025550173';
export const owen = '+12025550174';

/** Speaks with Dana on three channels: one conversation. */
export const client = { name: 'Lena Abbott', addresses: [lena] };
