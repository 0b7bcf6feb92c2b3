import type { Address, Given } from 'archway/sdk';
import type { Shared } from './captures.js';
import { bytesOf, type Fields, textOf, textsOf, timeOf } from './fields.js';
import {
  addressOf,
  bare,
  chatOf,
  isBroadcast,
  isGroup,
  isLid,
  isNewsletter,
  isNumber,
  isSame,
  type Numbers,
  type Party,
  readJid,
} from './jid.js';
import { isId } from './keys.js';

/** Who is behind the account, and which numbers are known. */
export interface Surroundings {
  /** The account's own jids, its number first. */
  readonly own: readonly string[];
  readonly numbers: Numbers;
  readonly shared: Shared;
}

/** Who sent a message to whom, where and when: everything but its content. */
export interface Frame extends Surroundings {
  readonly id: string;
  /** Bare jid, the same for both forms of a person. */
  readonly chat: string;
  readonly fromMe: boolean;
  readonly author: Party;
  readonly direction: 'inbound' | 'outbound';
  readonly from: Address;
  readonly to: Address[];
  readonly time: ReturnType<typeof timeOf>;
  /** Names of one person that the stanza gives side by side. */
  readonly parties: readonly Party[];
  readonly routing: Readonly<Record<string, string>>;
}

export function surroundingsOf(shared: Shared, { ownAddresses }: Given): Surroundings {
  const { pn, lid } = shared.own ?? {};
  const given = ownAddresses.map((address) => `${address.replace(/^\+/, '')}@s.whatsapp.net`);
  const own = [pn, ...(pn === undefined ? given : []), lid].flatMap((jid) => bare(jid) ?? []);
  const ownNumber = own.find(isNumber);
  const ownLid = own.find(isLid);
  return {
    own,
    shared,
    numbers: {
      ...shared.numbers,
      ...(ownNumber !== undefined && ownLid !== undefined && { [ownLid]: ownNumber }),
    },
  };
}

export const isOwn = ({ own }: Surroundings, jid: unknown) => own.some((each) => isSame(each, jid));

/** The account's own end; empty where nothing tells who it is. */
export function ownAddresses({ own, numbers }: Surroundings): Address[] {
  return own.slice(0, 1).map((jid) => addressOf({ jid }, numbers));
}

/** The other name of one who is given by a number or a LID: the first of these that is of the other form. */
function altOf(jid: string, ...candidates: unknown[]): string | undefined {
  const wanted = isLid(jid) ? isNumber : isLid;
  return candidates.flatMap((each) => textOf(each) ?? []).find(wanted);
}

interface Sides {
  readonly fromMe: boolean;
  readonly author: Party;
  /** Whom the chat is with: a person, a group, a channel, a list. */
  readonly peer: Party;
}

/** Of a stanza: how it came, by its attributes. Undefined for one that is not as WhatsApp makes them. */
export function frameOfStanza(attrs: Fields, surroundings: Surroundings): Frame | undefined {
  const sides = sidesOf(attrs, surroundings);
  if (sides === undefined || !isId(attrs.id)) return undefined;
  const routing = { ...(typeof attrs.category === 'string' && { category: attrs.category.slice(0, 100) }) };
  return frameOf(surroundings, sides, { id: attrs.id, time: timeOf(attrs.t), routing });
}

function sidesOf(attrs: Fields, surroundings: Surroundings): Sides | undefined {
  const { from, participant, recipient } = attrs;
  const name = textOf(attrs.notify);
  if (readJid(from) === undefined) return undefined;
  if (isGroup(from) || isBroadcast(from)) {
    if (readJid(participant) === undefined) return undefined;
    const jid = participant as string;
    const alt = altOf(jid, attrs.participant_pn, attrs.participant_lid, attrs.sender_pn, attrs.sender_lid);
    const fromMe = surroundings.shared.fromMe ?? isOwn(surroundings, jid);
    return { fromMe, author: { jid, alt, name }, peer: { jid: from as string } };
  }
  const jid = from as string;
  if (isNewsletter(from)) {
    return { fromMe: surroundings.shared.fromMe ?? false, author: { jid, name }, peer: { jid } };
  }
  const named = surroundings.own.length > 0;
  const fromMe = surroundings.shared.fromMe ?? (named ? isOwn(surroundings, jid) : recipient !== undefined);
  const author = { jid, alt: altOf(jid, attrs.sender_pn, attrs.sender_lid), name };
  if (!fromMe) return { fromMe, author, peer: author };
  const to = readJid(recipient) === undefined ? jid : (recipient as string);
  const { recipient_pn, recipient_lid, peer_recipient_pn, peer_recipient_lid } = attrs;
  const alt = altOf(to, recipient_pn, recipient_lid, peer_recipient_pn, peer_recipient_lid);
  return { fromMe, author, peer: { jid: to, alt } };
}

/** Of a message of the past, by its key. */
export function frameOfHistory(message: Fields, key: Fields, surroundings: Surroundings): Frame | undefined {
  const chat = textOf(key.remoteJid);
  const fromMe = key.fromMe === true || key.fromMe === 1;
  if (chat === undefined || readJid(chat) === undefined || !isId(key.id)) return undefined;
  const alt = altOf(chat, key.remoteJidAlt);
  const many = isGroup(chat) || isBroadcast(chat);
  const named = textOf(key.participant) ?? textOf(message.participant) ?? (many ? undefined : chat);
  const own = surroundings.own[0];
  const author = fromMe ? (own ?? named ?? chat) : named;
  if (author === undefined || readJid(author) === undefined) return undefined;
  const name = textOf(message.pushName);
  const authorAlt = many ? altOf(author, key.participantAlt) : altOf(author, key.remoteJidAlt);
  const sides: Sides = {
    fromMe,
    author: fromMe ? { jid: author, name } : { jid: author, alt: authorAlt, name },
    peer: { jid: chat, alt },
  };
  const time = timeOf(message.messageTimestamp);
  return frameOf(surroundings, sides, { id: key.id, time, routing: {} });
}

function frameOf(
  surroundings: Surroundings,
  { fromMe, author, peer }: Sides,
  rest: Pick<Frame, 'id' | 'time' | 'routing'>,
): Frame | undefined {
  const { numbers, shared } = surroundings;
  const list = isBroadcast(peer.jid) && bare(peer.jid) !== 'status@broadcast';
  // What somebody sends to a list of people is read in the chat with them.
  const where = list && !fromMe ? author : peer;
  const chat = bare(shared.chat) ?? chatOf(where, numbers);
  if (chat === undefined) return undefined;
  const own = ownAddresses(surroundings);
  // Whoever writes for the account is the account, by its own number where that is known.
  const address = addressOf(author, numbers);
  const from = fromMe && own[0] ? { ...address, scheme: own[0].scheme, value: own[0].value } : address;
  const peerAddress = addressOf(peer, numbers);
  const person = peer.jid === author.jid && !fromMe;
  return {
    ...surroundings,
    ...rest,
    chat,
    fromMe,
    author,
    direction: fromMe ? 'outbound' : 'inbound',
    from,
    to: fromMe ? [peerAddress] : person ? own : [peerAddress, ...own],
    parties: [author, peer],
    routing: { ...rest.routing, ...(list && { broadcastList: bare(peer.jid) ?? '' }) },
  };
}

/** All names of somebody that this capture knows, for what is derived from names. */
export function namesOf({ numbers, own }: Surroundings, ...jids: unknown[]): string[] {
  const names = jids.flatMap((jid) => bare(jid) ?? []);
  const also = names.flatMap((name) => [
    ...Object.entries(numbers).flatMap(([lid, pn]) =>
      isSame(lid, name) ? [bare(pn) ?? ''] : isSame(pn, name) ? [bare(lid) ?? ''] : [],
    ),
    ...(own.includes(name) ? own : []),
  ]);
  return [...new Set([...names, ...also])].filter((name) => name !== '');
}

export function secretOf({ shared }: Surroundings): Uint8Array | undefined {
  return bytesOf(shared.secret);
}

export function originalOf({ shared }: Surroundings): { senders: string[]; options: string[] } {
  const { senders, options } = shared.original ?? {};
  return { senders: textsOf(senders), options: textsOf(options) };
}
