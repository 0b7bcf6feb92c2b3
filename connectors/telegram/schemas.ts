import { z } from 'archway/sdk';

/**
 * What is read of Telegram's objects, and no more: everything else about them is in the capture. Loose, since Telegram
 * adds fields at any time. After https://core.telegram.org/bots/api.
 */

const id = z.int();
/** Telegram's ids of other things are far shorter; what is longer would be no key. */
const textId = z.string().min(1).max(200);

export const userSchema = z.looseObject({
  id,
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  username: z.string().optional(),
});

export const chatSchema = z.looseObject({
  id,
  type: z.string(),
  title: z.string().optional(),
  first_name: z.string().optional(),
  last_name: z.string().optional(),
  username: z.string().optional(),
});

export const messageSchema = z.looseObject({
  message_id: id,
  date: id,
  chat: chatSchema,
  from: userSchema.optional(),
  sender_chat: chatSchema.optional(),
  business_connection_id: textId.optional(),
  message_thread_id: id.optional(),
  is_topic_message: z.boolean().optional(),
  edit_date: id.optional(),
  text: z.string().optional(),
  caption: z.string().optional(),
  reply_to_message: z.looseObject({ message_id: id, chat: chatSchema }).optional(),
  forward_origin: z.looseObject({ type: z.string() }).optional(),
});

export const deletedSchema = z.looseObject({
  business_connection_id: textId,
  chat: chatSchema,
  message_ids: z.array(id),
});

export const connectionSchema = z.looseObject({
  id: textId,
  user: userSchema,
  date: id,
  is_enabled: z.boolean(),
});

export const reactionSchema = z.looseObject({
  chat: chatSchema,
  message_id: id,
  date: id,
  user: userSchema.optional(),
  actor_chat: chatSchema.optional(),
  old_reaction: z.array(z.looseObject({ type: z.string() })),
  new_reaction: z.array(z.looseObject({ type: z.string() })),
});

const memberSchema = z.looseObject({
  status: z.string(),
  user: userSchema,
  is_member: z.boolean().optional(),
});

export const memberChangeSchema = z.looseObject({
  chat: chatSchema,
  from: userSchema,
  date: id,
  old_chat_member: memberSchema,
  new_chat_member: memberSchema,
});

export const joinRequestSchema = z.looseObject({ chat: chatSchema, from: userSchema, date: id });

export const pollAnswerSchema = z.looseObject({
  poll_id: textId,
  voter_chat: chatSchema.optional(),
  user: userSchema.optional(),
  option_ids: z.array(id),
});

export const callbackSchema = z.looseObject({
  id: textId,
  from: userSchema,
  message: z.looseObject({ message_id: id, chat: chatSchema }).optional(),
  data: z.string().optional(),
  game_short_name: z.string().optional(),
});

export type User = z.infer<typeof userSchema>;
export type Chat = z.infer<typeof chatSchema>;
export type Message = z.infer<typeof messageSchema>;
