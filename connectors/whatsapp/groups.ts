import type { Address, CommunicationEvent, Parsed } from 'archway/sdk';
import { aliasesOf } from './aliases.js';
import { countOf, type Fields, textOf } from './fields.js';
import { type Frame, frameOfStanza, type Surroundings } from './frame.js';
import { addressOf, isLid, isNumber, isSame, type Party } from './jid.js';
import { membershipKey } from './keys.js';
import { childrenOf, type Node, textIn } from './nodes.js';
import { ignored, noticeOf, shared, together, told, unsupported } from './outcome.js';
import { disappearing } from './protocol.js';
import { shorten } from './text.js';

type Membership = Extract<CommunicationEvent, { kind: 'membership' }>;
export type Action = Membership['action'];

const titleLengthMax = 1_000;
const membersMax = 10_000;

/** Notifications that are about the account, its devices or its keys, and say nothing to anybody. */
const idle: Readonly<Record<string, string>> = {
  account_sync: 'a setting of the account',
  business: 'a profile of a business',
  contacts: 'the address book',
  devices: 'the devices of a contact',
  encrypt: 'keys of a contact',
  hosted: 'keys of a business',
  link_code_companion_reg: 'how this device is linked',
  mediaretry: 'media that was put up again',
  mex: 'a setting of the app',
  newsletter: 'counts of a channel, which name nobody',
  picture: 'a picture of a profile',
  privacy_token: 'keys of a contact',
  psa: 'an announcement of the app',
  registration: 'how this account is registered',
  server_sync: 'a setting of the app',
  status: 'a line in a profile',
};

/** What the server tells beside messages: of groups it is kept, of accounts and keys it is not. */
export function readNotification(attrs: Fields, content: unknown, surroundings: Surroundings): Parsed {
  const type = textOf(attrs.type) ?? '';
  if (type !== 'w:gp2') {
    const reason = Object.hasOwn(idle, type) ? idle[type] : undefined;
    return reason === undefined
      ? unsupported('a notification of a type that is not known here')
      : ignored(reason);
  }
  // What nobody in particular did, the group itself did.
  const named = attrs.participant === undefined ? { ...attrs, participant: attrs.from } : attrs;
  const frame = frameOfStanza(named, surroundings);
  if (frame === undefined) return unsupported('a notification of a group in no known form');
  return together(childrenOf(content).map((child) => readChange(child, frame)));
}

const membersChanged: Readonly<Record<string, Action>> = {
  add: 'added',
  remove: 'removed',
  leave: 'left',
  promote: 'promoted',
  demote: 'demoted',
};

function readChange(node: Node, frame: Frame): Parsed {
  const { tag, attrs } = node;
  const action = Object.hasOwn(membersChanged, tag) ? membersChanged[tag] : undefined;
  if (action !== undefined) return readMembers(action, node, frame);
  if (tag === 'create') return readCreation(node, frame);
  if (tag === 'modify') return readNewNumber(node, frame);
  if (tag === 'subject') {
    return told(membershipOf(frame, 'renamed', [], { title: textOf(attrs.subject) }));
  }
  const text = settingOf(node);
  return text === undefined
    ? unsupported('a change of a group that is not known here')
    : told(noticeOf(frame, text, { provider: { type: shorten(tag, 100) } }));
}

function partiesIn(content: unknown): Party[] {
  return childrenOf(content)
    .filter(({ tag, attrs }) => tag === 'participant' && textOf(attrs.jid) !== undefined)
    .slice(0, membersMax)
    .map(({ attrs }) => partyOf(attrs));
}

function partyOf({ jid, phone_number, lid }: Fields): Party {
  const name = String(jid);
  const others = [phone_number, lid].flatMap((each) => textOf(each) ?? []);
  return { jid: name, alt: others.find(isLid(name) ? isNumber : isLid) };
}

function readMembers(action: Action, { content, attrs }: Node, frame: Frame): Parsed {
  const parties = partiesIn(content);
  if (parties.length === 0) return unsupported('a change of members that names none');
  const [first] = parties;
  const alone =
    parties.length === 1 && (isSame(first?.jid, frame.author.jid) || isSame(first?.alt, frame.author.jid));
  const invited = action === 'added' && (alone || attrs.reason === 'invite');
  const done = invited ? 'joined' : action === 'removed' && alone ? 'left' : action;
  return told(membershipOf(frame, done, parties), ...aliasesOf(parties));
}

function readCreation({ content, attrs }: Node, frame: Frame): Parsed {
  const group = childrenOf(content).find(({ tag }) => tag === 'group');
  const parties = partiesIn(group?.content);
  const title = textOf(group?.attrs.subject) ?? textOf(attrs.subject);
  return told(membershipOf(frame, 'created', parties, { title }), ...aliasesOf(parties));
}

/** A member is there under another number from now on. */
function readNewNumber({ content }: Node, frame: Frame): Parsed {
  const provider = { change: 'the number of a member' };
  return told(
    membershipOf(frame, 'removed', [frame.author], { provider }),
    membershipOf(frame, 'added', partiesIn(content), { provider }),
  );
}

/** A setting of the group, in words. */
function settingOf({ tag, attrs, content }: Node): string | undefined {
  const words: Readonly<Record<string, string>> = {
    announcement: 'Only administrators may write now',
    not_announcement: 'Everybody may write now',
    locked: 'Only administrators may change the group now',
    unlocked: 'Everybody may change the group now',
    not_ephemeral: disappearing(0),
    ephemeral: disappearing(countOf(attrs.expiration) ?? 0),
    invite: 'Changed the invitation link',
    delete: 'Ended the group',
    growth_locked: 'Nobody can be invited by a link now',
    growth_unlocked: 'People can be invited by a link now',
    link: 'Linked the group with others',
    unlink: 'Took the link of the group with others away',
    membership_approval_mode: 'Changed who lets people in',
    created_membership_requests: 'Asked to be let in',
    revoked_membership_requests: 'No longer asks to be let in, or was refused',
    allow_non_admin_sub_group_creation: 'Members may make groups in the community now',
    not_allow_non_admin_sub_group_creation: 'Only administrators may make groups in the community now',
  };
  if (tag === 'description') {
    const body = childrenOf(content).find((child) => child.tag === 'body');
    const text = textIn(body?.content);
    return text === undefined
      ? 'Took the description of the group away'
      : `Changed the description of the group: ${text}`;
  }
  if (tag === 'member_add_mode') return `Changed who may add members: ${textIn(content) ?? 'unknown'}`;
  return Object.hasOwn(words, tag) ? words[tag] : undefined;
}

/** Who came, went or was given another part, and by whom. */
export function membershipOf(
  frame: Frame,
  action: Action,
  parties: readonly Party[],
  { title, provider }: { title?: string | undefined; provider?: Record<string, string> } = {},
): Membership {
  const members: Address[] = parties.map((party) => addressOf(party, frame.numbers));
  return {
    kind: 'membership',
    ...shared(frame),
    key: membershipKey(frame.chat, frame.id, action),
    action,
    by: frame.from,
    members,
    ...(title !== undefined && { title: shorten(title, titleLengthMax) }),
    ...(provider !== undefined && { provider }),
  };
}
