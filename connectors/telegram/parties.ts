import type { Address } from 'archway/sdk';
import type { Chat, Message, User } from './schemas.js';
import { shorten } from './text.js';

const nameLengthMax = 500;
const usernameLengthMax = 300;

/** A person, by the id that never changes; the username, which may, is kept as received. */
export function userAddress(user: User): Address {
  return address(user.id, user.username, joined(user.first_name, user.last_name));
}

/** A group or channel, or the other person of a private chat, whose ids are the same. */
export function chatAddress(chat: Chat): Address {
  return address(chat.id, chat.username, chat.title ?? joined(chat.first_name, chat.last_name));
}

/** The account of ours that stands behind a bot's id. */
export function ownAddress(botId: string): Address {
  return { scheme: 'telegram', value: botId, asReceived: botId };
}

/** The business account behind a connection; which person that is, a connection's own update says. */
export function connectionAddress(connectionId: string): Address {
  const value = `connection/${shorten(connectionId, usernameLengthMax)}`;
  return { scheme: 'telegram', value, asReceived: value };
}

function address(id: number, username: string | undefined, name: string): Address {
  return {
    scheme: 'telegram',
    value: String(id),
    asReceived: username ? `@${shorten(username, usernameLengthMax)}` : String(id),
    ...(name !== '' && { name: shorten(name, nameLengthMax) }),
  };
}

function joined(...parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(' ');
}

/** Who wrote it: for posts in the name of a chat that chat, as the user given there is a stand-in. */
export function senderOf(message: Message): Address {
  if (message.sender_chat !== undefined) return chatAddress(message.sender_chat);
  return message.from === undefined ? chatAddress(message.chat) : userAddress(message.from);
}

export interface Ends {
  readonly direction: 'inbound' | 'outbound';
  readonly from: Address;
  readonly to: Address[];
}

/**
 * Who wrote to whom. With a bot, what the bot itself wrote is outbound. In a business account's chat it is whatever the
 * other person, whose id is the chat's, did not write.
 */
export function endsOf(message: Message, botId: string): Ends {
  const from = senderOf(message);
  const { chat, business_connection_id: connectionId } = message;
  if (connectionId !== undefined) {
    const inbound = from.value === String(chat.id);
    const to = inbound ? connectionAddress(connectionId) : chatAddress(chat);
    return { direction: inbound ? 'inbound' : 'outbound', from, to: [to] };
  }
  const outbound = from.value === botId;
  const toBot = chat.type === 'private' && !outbound;
  return {
    direction: outbound ? 'outbound' : 'inbound',
    from,
    to: [toBot ? ownAddress(botId) : chatAddress(chat)],
  };
}
