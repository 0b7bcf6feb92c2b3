import {
  type Accepted,
  type CallContext,
  type EarlierMessage,
  Failure,
  type OutboundMessage,
  type OutboundReaction,
  z,
} from 'archway/sdk';
import type { Api } from 'grammy';
import type { ReactionTypeEmoji } from 'grammy/types';
import { asSignal } from './api.js';
import { type Destination, readDestination, readMessageKey } from './chat.js';
import { messageKey } from './keys.js';
import { openSendingApi } from './send-api.js';
import { sendFailureOf } from './send-failure.js';
import { sendMedia } from './send-media.js';
import { botIdOf, type TelegramSettings } from './settings.js';

export const textLengthMax = 4_096;
/** Of what stands below a file. */
const captionLengthMax = 1_024;

const sentSchema = z.looseObject({ message_id: z.int(), chat: z.looseObject({ id: z.int() }) });

/**
 * Sends one message, or an album, by one call.
 *
 * Source: https://core.telegram.org/bots/api#sendmessage
 */
export async function send(
  message: OutboundMessage,
  { settings, signal }: CallContext<TelegramSettings>,
): Promise<Accepted> {
  const destination = readDestination(message.to.asReceived);
  if (destination === undefined) throw new Failure('rejected', 'The recipient is no chat; nothing has left.');
  const { text, media, reaction } = message;
  if (media.length > 0 && (text?.length ?? 0) > captionLengthMax) {
    throw new Failure(
      'rejected',
      `Below a file Telegram takes ${captionLengthMax} characters, and the text has ${text?.length}. Nothing has left; send the text as a message of its own.`,
    );
  }
  const { api, hasLeft } = await openSendingApi(settings, botIdOf(settings));
  const place = placeOf(destination, message.replyTo);
  const calling = { api, signal: asSignal(signal) };
  let sent: unknown;
  try {
    if (reaction !== undefined) return await react(calling, destination, reaction);
    sent =
      media.length === 0
        ? await api.raw.sendMessage({ ...place, text: text ?? '' }, calling.signal)
        : await sendMedia(calling, place, text, media);
  } catch (error) {
    throw sendFailureOf(error, hasLeft());
  }
  return acceptedOf(sent, destination);
}

/** The part of a call that says where: the same for every method that sends. */
export type Place = ReturnType<typeof placeOf>;

function placeOf({ connectionId, chatId, topicId }: Destination, replyTo: EarlierMessage | undefined) {
  const replied = replyTo === undefined ? undefined : readMessageKey(replyTo.key);
  return {
    chat_id: chatId,
    ...(connectionId !== undefined && { business_connection_id: connectionId }),
    ...(topicId !== undefined && { message_thread_id: topicId }),
    ...(replied !== undefined && { reply_parameters: { message_id: replied.messageId } }),
  };
}

/** A bot has one reaction to a message, which the next one replaces. Telegram gives it no id, and does not report it. */
async function react(
  { api, signal }: { readonly api: Api; readonly signal: Parameters<Api['raw']['sendMessage']>[1] },
  { chatId }: Destination,
  { to, emoji }: OutboundReaction,
): Promise<Accepted> {
  const messageId = readMessageKey(to.key)?.messageId;
  if (messageId === undefined)
    throw new Failure('rejected', 'There is no message to react to; nothing has left.');
  // Which emoji a chat allows is for Telegram to say.
  const reaction =
    emoji === null ? [] : [{ type: 'emoji' as const, emoji: emoji as ReactionTypeEmoji['emoji'] }];
  await api.raw.setMessageReaction({ chat_id: chatId, message_id: messageId, reaction }, signal);
  return { providerId: `${chatId}/${messageId}`, aliases: [] };
}

/** An album is several messages: each of their keys means this one from now on. */
function acceptedOf(sent: unknown, { connectionId }: Destination): Accepted {
  const read = z.array(sentSchema).min(1).safeParse([sent].flat());
  if (!read.success) {
    throw new Failure('indeterminate', 'Telegram answered with success, but without the id of a message.');
  }
  return {
    providerId: read.data.map(({ message_id }) => message_id).join(','),
    aliases: read.data.map(({ chat, message_id }) => messageKey(chat.id, message_id, connectionId)),
  };
}
