/**
 * Names of events. A message is one by its chat and its id, in whichever form its sender is named; what is said about it
 * has the id of the message that carried it.
 */
export const messageKey = (chat: string, id: string) => `message/${chat}/${id}`;
const messageKeyPattern = /^message\/([^/]+)\/([^/]+)$/;

/** The chat of the key of a message; undefined for any other key. */
export const chatIn = (key: string) => messageKeyPattern.exec(key)?.[1];
/** The id in the key of a message, likewise. */
export const idIn = (key: string) => messageKeyPattern.exec(key)?.[2];
export const editKey = (chat: string, id: string) => `edit/${chat}/${id}`;
export const reactionKey = (chat: string, id: string) => `reaction/${chat}/${id}`;
export const deletionKey = (chat: string, id: string) => `deletion/${chat}/${id}`;
export const voteKey = (chat: string, id: string) => `vote/${chat}/${id}`;
export const noticeKey = (chat: string, id: string) => `notice/${chat}/${id}`;
export const gapKey = (chat: string, id: string) => `gap/${chat}/${id}`;
export const membershipKey = (chat: string, id: string, action: string) =>
  `membership/${chat}/${id}/${action}`;
export const callKey = (id: string) => `call/${id}`;

/** Ids are chosen by whoever sends: what is longer, or holds anything else, is no id of WhatsApp's. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9._:=+-]{1,128}$/.test(value);
}
