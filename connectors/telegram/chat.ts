/** Where a message goes, as an operator writes it and as `keys.ts` names conversations: `[connection/]chat[/topic/id]`. */
export interface Destination {
  /** Of the business account in whose name it is written. */
  readonly connectionId: string | undefined;
  readonly chatId: number;
  readonly topicId: number | undefined;
}

const pattern = /^(?:([A-Za-z0-9_-]{1,200})\/)?(-?[1-9]\d{0,15})(?:\/topic\/([1-9]\d{0,15}))?$/;

/** Undefined for what names no chat. */
export function readDestination(to: string): Destination | undefined {
  const [, connectionId, chat, topic] = pattern.exec(to) ?? [];
  if (chat === undefined) return undefined;
  const chatId = Number(chat);
  if (!Number.isSafeInteger(chatId)) return undefined;
  return { connectionId, chatId, topicId: topic === undefined ? undefined : Number(topic) };
}

const keyPattern = /^message\/(?:([^/]+)\/)?(-?\d+)\/(\d+)$/;

export interface MessageName {
  readonly connectionId: string | undefined;
  readonly chatId: number;
  readonly messageId: number;
}

/** Reads what `messageKey` has made. */
export function readMessageKey(key: string): MessageName | undefined {
  const [, connectionId, chat, message] = keyPattern.exec(key) ?? [];
  if (chat === undefined || message === undefined) return undefined;
  return { connectionId, chatId: Number(chat), messageId: Number(message) };
}
