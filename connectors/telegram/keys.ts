import type { Message } from './schemas.js';

/** Where message ids count: a chat, which in business accounts is another one for each connection. */
export function scopeOf(chatId: number, connectionId: string | undefined): string {
  return connectionId === undefined ? String(chatId) : `${connectionId}/${chatId}`;
}

export function messageKey(chatId: number, messageId: number, connectionId?: string): string {
  return `message/${scopeOf(chatId, connectionId)}/${messageId}`;
}

export function keyOf(message: Message): string {
  return messageKey(message.chat.id, message.message_id, message.business_connection_id);
}

/** Of a forum each topic is a conversation of its own. */
export function conversationOf(message: Message): string {
  const scope = scopeOf(message.chat.id, message.business_connection_id);
  return message.is_topic_message && message.message_thread_id !== undefined
    ? `${scope}/topic/${message.message_thread_id}`
    : scope;
}

/** Telegram's times are in seconds. Undefined for one that no calendar has. */
export function timeOf(seconds: number): { occurredAt?: { at: string; granularity: 'second' } } {
  const latest = 253_402_300_799;
  if (seconds <= 0 || seconds > latest) return {};
  return { occurredAt: { at: new Date(seconds * 1_000).toISOString(), granularity: 'second' } };
}
