import { type CommunicationEvent, z } from 'archway/sdk';
import { conversationOf, keyOf, timeOf } from './keys.js';
import { connectionAddress, senderOf, userAddress } from './parties.js';
import {
  type connectionSchema,
  type joinRequestSchema,
  type Message,
  type memberChangeSchema,
  type User,
  userSchema,
} from './schemas.js';
import { shorten } from './text.js';

type Membership = Extract<CommunicationEvent, { kind: 'membership' }>;
type Action = Membership['action'];

const titleLengthMax = 1_000;

/** A message by which Telegram itself tells that somebody came or went, or that the chat was made or has a new title. */
export function readMembershipNotice(message: Message): Membership | undefined {
  const said = changeOf(message);
  if (said === undefined) return undefined;
  return {
    kind: 'membership',
    key: keyOf(message),
    conversation: conversationOf(message),
    channel: 'telegram',
    ...timeOf(message.date),
    by: senderOf(message),
    ...said,
  };
}

function changeOf(message: Message): Pick<Membership, 'action' | 'members' | 'title'> | undefined {
  const joined = z.array(userSchema).safeParse(message.new_chat_members);
  if (joined.success) {
    const alone = joined.data.length === 1 && joined.data[0]?.id === message.from?.id;
    return { action: alone ? 'joined' : 'added', members: joined.data.map(userAddress) };
  }
  const left = userSchema.safeParse(message.left_chat_member);
  if (left.success) {
    return {
      action: left.data.id === message.from?.id ? 'left' : 'removed',
      members: [userAddress(left.data)],
    };
  }
  const title = message.new_chat_title;
  if (typeof title === 'string')
    return { action: 'renamed', members: [], title: shorten(title, titleLengthMax) };
  const made = ['group_chat_created', 'supergroup_chat_created', 'channel_chat_created'];
  if (made.some((name) => message[name] === true)) {
    const { title: name } = message.chat;
    return {
      action: 'created',
      members: [],
      ...(name !== undefined && { title: shorten(name, titleLengthMax) }),
    };
  }
  return undefined;
}

/** A change of one member as administrators see it, with the old and the new status. */
export function readMemberChange(
  change: z.infer<typeof memberChangeSchema>,
  updateId: number,
): CommunicationEvent[] {
  const { chat, from, old_chat_member: before, new_chat_member: after } = change;
  return [
    {
      kind: 'membership',
      key: `member/${chat.id}/${updateId}`,
      conversation: String(chat.id),
      channel: 'telegram',
      ...timeOf(change.date),
      by: userAddress(from),
      action: actionOf(from, after.user, isMember(before), isMember(after), after.status),
      members: [userAddress(after.user)],
      provider: { oldStatus: shorten(before.status, 100), newStatus: shorten(after.status, 100) },
    },
  ];
}

interface Member {
  readonly status: string;
  readonly is_member?: boolean | undefined;
}

function isMember({ status, is_member: still }: Member): boolean {
  return status === 'restricted' ? still === true : !['left', 'kicked'].includes(status);
}

function actionOf(by: User, who: User, was: boolean, is: boolean, status: string): Action {
  const own = by.id === who.id;
  if (was && !is) return own ? 'left' : 'removed';
  if (!was && is) return own ? 'joined' : 'added';
  return ['administrator', 'creator'].includes(status) ? 'promoted' : 'demoted';
}

/** Somebody asks to be let in; whether it is granted comes as a change of its own. */
export function readJoinRequest(
  request: z.infer<typeof joinRequestSchema>,
  updateId: number,
): CommunicationEvent[] {
  return [
    {
      kind: 'membership',
      key: `join-request/${request.chat.id}/${updateId}`,
      conversation: String(request.chat.id),
      channel: 'telegram',
      ...timeOf(request.date),
      action: 'joined',
      members: [userAddress(request.from)],
      provider: { request: 'asked to join; not decided yet' },
    },
  ];
}

/**
 * An employee lets the bot see his business chats, or ends it: from when to when his chats are captured. It says also whose
 * the connection is, which is all that a client's message names on his side.
 */
export function readConnection(
  connection: z.infer<typeof connectionSchema>,
  updateId: number,
): CommunicationEvent[] {
  const rights = JSON.stringify(connection.rights ?? {});
  const [employee, own] = [userAddress(connection.user), connectionAddress(connection.id)];
  return [
    {
      kind: 'membership',
      key: `connection/${connection.id}/${updateId}`,
      conversation: `connection/${connection.id}`,
      channel: 'telegram',
      ...timeOf(connection.date),
      action: connection.is_enabled ? 'joined' : 'left',
      by: employee,
      members: [employee, own],
      provider: { businessConnection: shorten(connection.id, 300), rights: shorten(rights, 2_000) },
    },
    {
      kind: 'alias',
      key: `alias/connection/${connection.id}/${connection.user.id}`,
      channel: 'telegram',
      address: employee,
      alias: own,
    },
  ];
}
