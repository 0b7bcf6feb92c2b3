import { type Accepted, type CallContext, Failure, type OutboundMessage, z } from 'archway/sdk';
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
  const { text, media } = message;
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

function placeOf({ connectionId, chatId, topicId }: Destination, replyTo: string | undefined) {
  const replied = replyTo === undefined ? undefined : readMessageKey(replyTo);
  return {
    chat_id: chatId,
    ...(connectionId !== undefined && { business_connection_id: connectionId }),
    ...(topicId !== undefined && { message_thread_id: topicId }),
    ...(replied !== undefined && { reply_parameters: { message_id: replied.messageId } }),
  };
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
