import { type Capture, type CommunicationEvent, type Given, type Parsed, z } from 'archway/sdk';
import { readDeletions } from './deletion.js';
import { readConnection, readJoinRequest, readMemberChange } from './membership.js';
import { readEdit, readMessage } from './message.js';
import { readCallback, readPollAnswer, readReaction } from './reaction.js';
import * as schemas from './schemas.js';

interface UpdateContext {
  readonly updateId: number;
  readonly botId: string;
}

/** Reads one kind of update; undefined when it is not as Telegram describes it. */
type Reader = (value: unknown, context: UpdateContext) => CommunicationEvent[] | undefined;

function reader<Schema extends z.ZodType>(
  schema: Schema,
  read: (value: z.infer<Schema>, context: UpdateContext) => CommunicationEvent[],
): Reader {
  return (value, context) => {
    const parsed = schema.safeParse(value);
    return parsed.success ? read(parsed.data, context) : undefined;
  };
}

const newMessage = reader(schemas.messageSchema, (message, { botId }) => readMessage(message, botId));
const edit = reader(schemas.messageSchema, (message, { updateId }) => readEdit(message, updateId));
const memberChange = reader(schemas.memberChangeSchema, (change, { updateId }) =>
  readMemberChange(change, updateId),
);

/** The kinds of updates that carry communication. These are asked for by name: Telegram leaves some out otherwise. */
export const readers: Readonly<Record<string, Reader>> = {
  message: newMessage,
  channel_post: newMessage,
  business_message: newMessage,
  guest_message: newMessage,
  edited_message: edit,
  edited_channel_post: edit,
  edited_business_message: edit,
  deleted_business_messages: reader(schemas.deletedSchema, readDeletions),
  business_connection: reader(schemas.connectionSchema, (connection, { updateId }) =>
    readConnection(connection, updateId),
  ),
  message_reaction: reader(schemas.reactionSchema, (reaction, { updateId }) =>
    readReaction(reaction, updateId),
  ),
  my_chat_member: memberChange,
  chat_member: memberChange,
  chat_join_request: reader(schemas.joinRequestSchema, (request, { updateId }) =>
    readJoinRequest(request, updateId),
  ),
  poll_answer: reader(schemas.pollAnswerSchema, (answer, { updateId, botId }) =>
    readPollAnswer(answer, updateId, botId),
  ),
  callback_query: reader(schemas.callbackSchema, (callback, { botId }) => readCallback(callback, botId)),
};

const updateSchema = z.looseObject({ update_id: z.int() });

/** Reads one update, as a webhook brings it and as polling keeps each. */
export function parse(capture: Capture, given: Given): Parsed {
  const body = readJson(capture.body);
  if (body === undefined) return { kind: 'unsupported', reason: 'the body is not JSON' };
  return readUpdate(body, given.ownAddresses[0] ?? 'bot');
}

function readUpdate(value: unknown, botId: string): Parsed {
  const update = updateSchema.safeParse(value);
  if (!update.success) return { kind: 'unsupported', reason: 'JSON that is not an update' };
  const kind = Object.keys(update.data).find((name) => name !== 'update_id');
  if (kind === undefined) return { kind: 'unsupported', reason: 'an update that holds nothing' };
  const read = Object.hasOwn(readers, kind) ? readers[kind] : undefined;
  if (read === undefined) return { kind: 'unsupported', reason: `an update of the kind ${nameOf(kind)}` };
  const events = read(update.data[kind], { updateId: update.data.update_id, botId });
  if (events === undefined || events.length === 0)
    return { kind: 'unsupported', reason: `an update of the kind ${kind} in another form than described` };
  return { kind: 'events', events };
}

/** A kind that is none of ours is named only when it looks like one of Telegram's: a reason holds no content. */
function nameOf(kind: string): string {
  return /^[a-z_]{1,60}$/.test(kind) ? kind : 'unknown';
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
}
