import { type CommunicationEvent, type MessageEvent, z } from 'archway/sdk';
import { contentOf } from './content.js';
import { conversationOf, keyOf, messageKey, timeOf } from './keys.js';
import { readMembershipNotice } from './membership.js';
import { chatAddress, endsOf, senderOf } from './parties.js';
import type { Message } from './schemas.js';
import { shorten } from './text.js';

const forwardLengthMax = 1_000;

/** A new message or post, or the notice that the members or the title of a chat have changed. */
export function readMessage(message: Message, botId: string): CommunicationEvent[] {
  const notice = readMembershipNotice(message);
  if (notice !== undefined) return [notice];
  const { text, attachments, provider } = contentOf(message);
  const forwardedFrom = originOf(message);
  const event: MessageEvent = {
    kind: 'message',
    key: keyOf(message),
    conversation: conversationOf(message),
    channel: 'telegram',
    ...timeOf(message.date),
    ...endsOf(message, botId),
    ...(text !== undefined && { text }),
    attachments,
    ...repliedTo(message),
    ...(forwardedFrom !== undefined && { forwardedFrom }),
    ...(Object.keys(provider).length > 0 && { provider }),
  };
  return [event, ...continuationOf(message)];
}

/** A group became a supergroup, which has another id: nothing is rewritten, and both ids mean one conversation. */
function continuationOf(message: Message): CommunicationEvent[] {
  const former = z.int().safeParse(message.migrate_from_chat_id);
  if (!former.success) return [];
  const { chat } = message;
  const formerId = String(former.data);
  return [
    {
      kind: 'alias',
      key: `alias/${formerId}/${chat.id}`,
      conversation: conversationOf(message),
      formerConversation: formerId,
      channel: 'telegram',
      ...timeOf(message.date),
      address: chatAddress(chat),
      alias: { scheme: 'telegram', value: formerId, asReceived: formerId },
    },
  ];
}

/** The message as it reads now. One may be edited twice within Telegram's second: the update's id tells them apart. */
export function readEdit(message: Message, updateId: number): CommunicationEvent[] {
  const { text, attachments, provider } = contentOf(message);
  return [
    {
      kind: 'edit',
      key: `edit/${keyOf(message)}/${updateId}`,
      about: keyOf(message),
      conversation: conversationOf(message),
      channel: 'telegram',
      ...timeOf(message.edit_date ?? message.date),
      from: senderOf(message),
      ...(text !== undefined && { text }),
      attachments,
      ...(Object.keys(provider).length > 0 && { provider }),
    },
  ];
}

function repliedTo(message: Message): { replyTo?: string } {
  const replied = message.reply_to_message;
  if (replied === undefined) return {};
  return { replyTo: messageKey(replied.chat.id, replied.message_id, message.business_connection_id) };
}

const originSchema = z.looseObject({
  sender_user: z
    .looseObject({ id: z.int(), first_name: z.string().optional(), username: z.string().optional() })
    .optional(),
  sender_user_name: z.string().optional(),
  sender_chat: z.looseObject({ id: z.int(), title: z.string().optional() }).optional(),
  chat: z.looseObject({ id: z.int(), title: z.string().optional() }).optional(),
  message_id: z.int().optional(),
});

/** Who said it first, as far as Telegram tells: a person, a name without a person, a chat, or a post in a channel. */
function originOf({ forward_origin: origin }: Message): string | undefined {
  if (origin === undefined) return undefined;
  const read = originSchema.safeParse(origin);
  if (!read.success) return 'unknown';
  const {
    sender_user: user,
    sender_user_name: name,
    sender_chat: sender,
    chat,
    message_id: post,
  } = read.data;
  if (user !== undefined) return shorten(`${user.first_name ?? ''} (${user.id})`.trim(), forwardLengthMax);
  if (name !== undefined) return shorten(name, forwardLengthMax) || 'unknown';
  const from = sender ?? chat;
  if (from === undefined) return 'unknown';
  const place = `${from.title ?? ''} (${from.id})`.trim();
  return shorten(post === undefined ? place : `${place}, message ${post}`, forwardLengthMax);
}
