import type { Address, CommunicationEvent, z } from 'archway/sdk';
import { messageKey, timeOf } from './keys.js';
import { chatAddress, ownAddress, userAddress } from './parties.js';
import type { callbackSchema, pollAnswerSchema, reactionSchema } from './schemas.js';
import { shorten } from './text.js';

const emojiLengthMax = 200;

/** Who reacts, and how from now on. One may have several reactions: each is an event; none is one that was taken back. */
export function readReaction(
  reaction: z.infer<typeof reactionSchema>,
  updateId: number,
): CommunicationEvent[] {
  const { chat, message_id: messageId, user, actor_chat: actor, new_reaction: now } = reaction;
  const from = user !== undefined ? userAddress(user) : chatAddress(actor ?? chat);
  const emojis: (string | null)[] = now.length === 0 ? [null] : now.map(emojiOf);
  return emojis.map((emoji, index) => ({
    kind: 'reaction' as const,
    key: `reaction/${messageKey(chat.id, messageId)}/${updateId}/${index}`,
    about: messageKey(chat.id, messageId),
    conversation: String(chat.id),
    channel: 'telegram',
    ...timeOf(reaction.date),
    from,
    emoji,
  }));
}

function emojiOf(reaction: { readonly type: string; readonly [name: string]: unknown }): string {
  const { emoji, custom_emoji_id: custom } = reaction;
  if (typeof emoji === 'string' && emoji !== '') return shorten(emoji, emojiLengthMax);
  if (typeof custom === 'string') return shorten(`custom/${custom}`, emojiLengthMax);
  return shorten(reaction.type, emojiLengthMax) || 'unknown';
}

/** A vote is an answer to a question: it reads as a message to the bot that asked. */
export function readPollAnswer(
  answer: z.infer<typeof pollAnswerSchema>,
  updateId: number,
  botId: string,
): CommunicationEvent[] {
  const { user, voter_chat: chat, poll_id: poll, option_ids: options } = answer;
  const from = user !== undefined ? userAddress(user) : chat !== undefined ? chatAddress(chat) : undefined;
  if (from === undefined) return [];
  const text = options.length === 0 ? 'took the vote back' : `voted for option ${options.join(', ')}`;
  return [said(`poll-answer/${updateId}`, `poll/${shorten(poll, 300)}`, from, botId, text, { poll })];
}

/** A button of the bot's was pressed: the client's answer to what the bot asked. */
export function readCallback(callback: z.infer<typeof callbackSchema>, botId: string): CommunicationEvent[] {
  const { id, from, message, data, game_short_name: game } = callback;
  const sender = userAddress(from);
  const conversation = message === undefined ? sender.value : String(message.chat.id);
  const event = said(`callback/${shorten(id, 300)}`, conversation, sender, botId, data ?? game ?? '', {
    button: 'pressed',
  });
  return [
    message === undefined ? event : { ...event, replyTo: messageKey(message.chat.id, message.message_id) },
  ];
}

function said(
  key: string,
  conversation: string,
  from: Address,
  botId: string,
  text: string,
  provider: Record<string, string>,
): Extract<CommunicationEvent, { kind: 'message' }> {
  return {
    kind: 'message',
    key,
    conversation,
    channel: 'telegram',
    direction: 'inbound',
    from,
    to: [ownAddress(botId)],
    text,
    attachments: [],
    provider: Object.fromEntries(
      Object.entries(provider).map(([name, value]) => [name, shorten(value, 2_000)]),
    ),
  };
}
