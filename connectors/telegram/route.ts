import type { Address, OutboundRequest, Routed } from 'archway/sdk';
import { type Destination, readDestination, readMessageKey } from './chat.js';
import { scopeOf } from './keys.js';
import { connectionAddress, ownAddress } from './parties.js';
import { botIdOf, type TelegramSettings } from './settings.js';

/**
 * The bot writes to a chat by its number, or a business account does through the bot. Telegram gives bots no other name of a
 * person that would not change; the number stands in the record of what the person wrote.
 */
export function route({ to, replyTo, reactsTo }: OutboundRequest, settings: TelegramSettings): Routed {
  const destination = readDestination(to);
  if (destination === undefined) {
    return refused(
      'The recipient must be the number of a chat (7000123, -1001234567890), with "/topic/<id>" after it for a topic, or "<business connection>/" before it. A person must have written first: take the number from that message.',
    );
  }
  const { connectionId, chatId } = destination;
  const about = replyTo ?? reactsTo;
  const earlier = about === undefined ? undefined : readMessageKey(about);
  if (about !== undefined && (earlier?.chatId !== chatId || earlier.connectionId !== connectionId)) {
    return refused('A message can only be answered, or reacted to, in the chat in which it stands.');
  }
  if (reactsTo !== undefined && connectionId !== undefined) {
    return refused('Telegram lets a bot react in its own chats only, not in the name of a business account.');
  }
  const value = String(chatId);
  return {
    ok: true,
    route: {
      from: connectionId === undefined ? ownAddress(botIdOf(settings)) : connectionAddress(connectionId),
      // What `send` reads again to know where it goes.
      to: { scheme: 'telegram', value, asReceived: to } satisfies Address,
      conversation: conversationOf(destination),
      channel: 'telegram',
    },
  };
}

function conversationOf({ connectionId, chatId, topicId }: Destination): string {
  const scope = scopeOf(chatId, connectionId);
  return topicId === undefined ? scope : `${scope}/topic/${topicId}`;
}

function refused(reason: string): Routed {
  return { ok: false, reason };
}
