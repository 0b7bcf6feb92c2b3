import type { Address } from 'archway/sdk';
import { shorten } from './text.js';

/**
 * WhatsApp's name for somebody or something: `447700900123@s.whatsapp.net` is a phone number, `1234567@lid` a person whose
 * number is not told, `120363041234567890@g.us` a group. A device of a person has a number behind a colon.
 */
export interface Jid {
  readonly user: string;
  readonly server: string;
  readonly device: string | undefined;
}

const form = /^([A-Za-z0-9.+-]{1,120})(?:_\d{1,3})?(?::(\d{1,5}))?@([a-z.]{1,40})$/;

/** Other names for servers that mean the same. */
const servers: Readonly<Record<string, string>> = {
  'c.us': 's.whatsapp.net',
  hosted: 's.whatsapp.net',
  'hosted.lid': 'lid',
};

export function readJid(value: unknown): Jid | undefined {
  const match = typeof value === 'string' ? form.exec(value) : null;
  if (match === null) return undefined;
  const [, user = '', device, server = ''] = match;
  return { user, server: servers[server] ?? server, device };
}

/** Without the device. Undefined for what is no jid. */
export function bare(value: unknown): string | undefined {
  const jid = readJid(value);
  return jid && `${jid.user}@${jid.server}`;
}

export function isSame(left: unknown, right: unknown): boolean {
  const jid = bare(left);
  return jid !== undefined && jid === bare(right);
}

const serverOf = (value: unknown) => readJid(value)?.server;

export const isGroup = (value: unknown) => serverOf(value) === 'g.us';
export const isLid = (value: unknown) => serverOf(value) === 'lid';
export const isBroadcast = (value: unknown) => serverOf(value) === 'broadcast';
export const isNewsletter = (value: unknown) => serverOf(value) === 'newsletter';
export const isNumber = (value: unknown) => numberOf(value) !== undefined;

/** The E.164 number in a jid that has one. */
export function numberOf(value: unknown): string | undefined {
  const jid = readJid(value);
  if (jid?.server !== 's.whatsapp.net' || !/^[1-9]\d{4,16}$/.test(jid.user)) return undefined;
  return `+${jid.user}`;
}

/** Somebody by the name in the stanza, and by the other one where that is told too. */
export interface Party {
  readonly jid: string;
  readonly alt?: string | undefined;
  readonly name?: string | undefined;
}

/** Phone numbers that are known for LIDs, by bare jids. */
export type Numbers = Readonly<Record<string, string>>;

const nameLengthMax = 500;
const asReceivedLengthMax = 320;

/** The party's phone number where it is known, by which SMS and calls know the same person; else WhatsApp's own id. */
export function addressOf({ jid, alt, name }: Party, numbers: Numbers): Address {
  const id = bare(jid) ?? shorten(jid, asReceivedLengthMax);
  const number = numberOf(jid) ?? numberOf(alt) ?? numberOf(Object.hasOwn(numbers, id) ? numbers[id] : '');
  return {
    ...(number === undefined
      ? { scheme: 'whatsapp' as const, value: id }
      : { scheme: 'tel' as const, value: number }),
    asReceived: shorten(jid, asReceivedLengthMax),
    ...(name !== undefined && name !== '' && { name: shorten(name, nameLengthMax) }),
  };
}

/** The chat with somebody: by the phone number where that is told, so that both forms give one chat. */
export function chatOf({ jid, alt }: Party, numbers: Numbers): string | undefined {
  const id = bare(jid);
  if (id === undefined || !isLid(id)) return id;
  const known = [alt, Object.hasOwn(numbers, id) ? numbers[id] : undefined].find(isNumber);
  return bare(known) ?? id;
}
