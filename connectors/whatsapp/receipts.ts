import type { CommunicationEvent, Parsed, ReceiptStatus } from 'archway/sdk';
import { type Fields, instantOf, listOf, textOf, timeOf } from './fields.js';
import { isOwn, ownAddresses, type Surroundings } from './frame.js';
import { addressOf, bare, chatOf, isLid, isNumber, type Party, readJid } from './jid.js';
import { isId, messageKey } from './keys.js';
import { childrenOf } from './nodes.js';
import { channel, ignored, told, unsupported } from './outcome.js';

const statuses: Readonly<Record<string, ReceiptStatus>> = {
  '': 'delivered',
  inactive: 'delivered',
  read: 'read',
  'read-self': 'read',
  played: 'read',
  'played-self': 'read',
};

/** What says nothing about whether somebody got or saw a message. */
const idle: Readonly<Record<string, string>> = {
  sender: 'another device of the account has its own message',
  retry: 'a device asks for a message again',
  enc_rekey_retry: 'a device asks for keys of a call again',
  'server-error': 'a device asks for media again',
  peer_msg: 'between own devices',
  hist_sync: 'between own devices',
};

const idsMax = 10_000;

/** Who got or saw which messages: one stanza may name many. */
export function readReceipt(attrs: Fields, content: unknown, surroundings: Surroundings): Parsed {
  const type = textOf(attrs.type) ?? '';
  const reason = Object.hasOwn(idle, type) ? idle[type] : undefined;
  if (reason !== undefined) return ignored(reason);
  const status = Object.hasOwn(statuses, type) ? statuses[type] : undefined;
  if (status === undefined) return unsupported('a receipt of a type that is not known here');
  const who = textOf(attrs.participant) ?? textOf(attrs.from);
  const chat = whereOf(attrs, surroundings);
  const items = childrenOf(content).flatMap((list) => childrenOf(list.content));
  const ids = [attrs.id, ...items.map((item) => item.attrs.id)].filter(isId);
  if (who === undefined || readJid(who) === undefined || chat === undefined || ids.length === 0) {
    return unsupported('a receipt in no known form');
  }
  const person: Party = { jid: who, alt: altOf(who, attrs) };
  const from = isOwn(surroundings, who)
    ? (ownAddresses(surroundings)[0] ?? addressOf(person, surroundings.numbers))
    : addressOf(person, surroundings.numbers);
  return told(
    ...[...new Set(ids)].slice(0, idsMax).map((id) => ({
      kind: 'receipt' as const,
      // Each device of a person tells for itself, and each at its time.
      key: ['receipt', chat, id, type || 'delivered', who, textOf(attrs.t) ?? ''].join('/').slice(0, 500),
      about: messageKey(chat, id),
      conversation: chat,
      channel,
      ...timeOf(attrs.t),
      status,
      from,
      provider: { type: type || 'delivered' },
    })),
  );
}

function altOf(jid: string, { participant_pn, participant_lid, sender_pn, sender_lid }: Fields) {
  const others = [participant_pn, participant_lid, sender_pn, sender_lid].flatMap(
    (each) => textOf(each) ?? [],
  );
  return others.find(isLid(jid) ? isNumber : isLid);
}

/** The chat in which the messages stand: what the account itself has read is in the chat with the other one. */
function whereOf(attrs: Fields, surroundings: Surroundings): string | undefined {
  const { shared, numbers } = surroundings;
  const from = textOf(attrs.from);
  if (from === undefined) return undefined;
  const own = isOwn(surroundings, from);
  const jid = own ? (textOf(attrs.recipient) ?? from) : from;
  const { recipient_pn, recipient_lid, sender_pn, sender_lid } = attrs;
  const others = own ? [recipient_pn, recipient_lid] : [sender_pn, sender_lid];
  const alt = others.flatMap((each) => textOf(each) ?? []).find(isNumber);
  return bare(shared.chat) ?? chatOf({ jid, alt }, numbers);
}

/** The server's answer to a message that this device sent: it has it, or it will not take it. */
export function readAck(attrs: Fields, surroundings: Surroundings): Parsed {
  if (attrs.class !== 'message') return ignored('an acknowledgement of the server');
  const chat = bare(surroundings.shared.chat) ?? chatOf({ jid: String(attrs.from) }, surroundings.numbers);
  if (chat === undefined || !isId(attrs.id)) return unsupported('an acknowledgement in no known form');
  const code = textOf(attrs.error);
  return told({
    kind: 'receipt',
    key: `receipt/${chat}/${attrs.id}/${code === undefined ? 'sent' : 'failed'}`,
    about: messageKey(chat, attrs.id),
    conversation: chat,
    channel,
    ...timeOf(attrs.t),
    status: code === undefined ? 'sent' : 'failed',
    ...(code !== undefined && { error: { code: code.slice(0, 100) } }),
  });
}

/** What the phone knows of who got and saw a message of the past. */
export function pastReceipts(
  message: Fields,
  { chat, id, numbers }: { chat: string; id: string } & Pick<Surroundings, 'numbers'>,
): CommunicationEvent[] {
  const times: readonly (readonly [string, string, ReceiptStatus])[] = [
    ['receiptTimestamp', 'delivered', 'delivered'],
    ['readTimestamp', 'read', 'read'],
    ['playedTimestamp', 'played', 'read'],
  ];
  return listOf(message.userReceipt)
    .slice(0, 1_000)
    .flatMap((receipt) => {
      const who = textOf(receipt.userJid);
      if (who === undefined || readJid(who) === undefined) return [];
      return times
        .filter(([field]) => instantOf(receipt[field]) !== undefined)
        .map(([field, type, status]) => ({
          kind: 'receipt' as const,
          key: `receipt/${chat}/${id}/${type}/${who}/${String(receipt[field])}`.slice(0, 500),
          about: messageKey(chat, id),
          conversation: chat,
          channel,
          ...timeOf(receipt[field]),
          status,
          from: addressOf({ jid: who }, numbers),
          provider: { type },
        }));
    });
}
