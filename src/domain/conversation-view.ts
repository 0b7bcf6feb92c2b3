import type { Queries } from '../db/client.js';
import {
  type ConversationPart,
  type ConversationRow,
  readAbout,
  readLatestMentions,
  readParts,
  readThreadParties,
} from '../db/conversations.js';
import { findByEventKeys, type RecordRow } from '../db/journal.js';
import { readAttachments } from '../db/message-log.js';
import type { Address, Direction, Person } from '../sdk/index.js';
import { readKnownAddresses } from './address-aliases.js';
import { addressId } from './addresses.js';
import { type CallView, readCallsBehind } from './call-view.js';
import { type HistoryEntry, historyEntry } from './history-view.js';
import { type AttachmentView, attachmentView } from './message-view.js';
import { addressesOf, eventTime } from './parties.js';
import { firstParties, type KnownPerson, type PersonRole, partiesAt, resolvePeople } from './people.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

/** Somebody who takes part: a person with all their addresses here, or an address that is nobody's. */
export interface Participant {
  readonly role: PersonRole | 'unknown';
  /** On our side: an address of an account of ours. */
  readonly own: boolean;
  readonly person: Person | null;
  /** Canonical; empty where every record that shows it was erased. */
  readonly addresses: string[];
}

/** A conversation as people see it: over all channels, by whom it is between now. */
export interface ConversationView {
  readonly id: string;
  readonly custodian: Person | null;
  readonly contact: Person | null;
  readonly participants: Participant[];
  readonly channels: string[];
  readonly accounts: string[];
  readonly records: number;
  readonly messages: number;
  readonly calls: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export async function readConversationViews(
  queries: Queries,
  tenant: Tenant,
  rows: readonly ConversationRow[],
): Promise<ConversationView[]> {
  const ids = rows.map(({ id }) => id);
  const parts = await readParts(queries, tenant.id, ids);
  const participants = await readParticipants(queries, tenant, parts);
  return rows.map(({ id, records, messages, calls, firstAt, lastAt }) => {
    const mine = parts.filter((part) => part.conversationId === id);
    const present = participants.get(id) ?? [];
    const first = (role: PersonRole) => present.find((each) => each.role === role)?.person ?? null;
    return {
      id,
      custodian: first('custodian'),
      contact: first('contact'),
      participants: present,
      channels: [...new Set(mine.flatMap(({ channels }) => channels))].sort(),
      accounts: [...new Set(mine.flatMap(({ accountId }) => accountId ?? []))].sort(),
      records,
      messages,
      calls,
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
    };
  });
}

async function readParticipants(
  queries: Queries,
  tenant: Tenant,
  parts: readonly ConversationPart[],
): Promise<Map<string, Participant[]>> {
  const parties = await readThreadParties(queries, [...new Set(parts.map(({ threadId }) => threadId))]);
  const addressIds = [...new Set(parties.map((party) => party.addressId))];
  const resolve = await resolvePeople(queries, tenant, addressIds);
  const known = await readAddresses(queries, tenant, addressIds);
  const names = await readKnownAddresses(queries, tenant.id, addressIds);
  const byConversation = new Map<string, Map<string, Participant>>();
  for (const { conversationId, threadId, lastAt } of parts) {
    const present = byConversation.get(conversationId) ?? new Map<string, Participant>();
    byConversation.set(conversationId, present);
    for (const { addressId: id, own } of parties.filter((party) => party.threadId === threadId)) {
      const person = resolve(id, lastAt);
      const principal = person?.id ?? names.get(id) ?? id;
      const before = present.get(principal) ?? participant(person, own);
      const address = known.get(id)?.value;
      const addresses = new Set([...before.addresses, ...(address === undefined ? [] : [address])]);
      present.set(principal, { ...before, own: before.own || own, addresses: [...addresses] });
    }
  }
  return new Map([...byConversation].map(([id, present]) => [id, [...present.values()]]));
}

function participant(person: KnownPerson | undefined, own: boolean): Participant {
  if (person === undefined) return { role: 'unknown', own, person: null, addresses: [] };
  const { id, name, role } = person;
  return { role, own, person: { id, name }, addresses: [] };
}

/** Addresses by their keyed ids, as the newest record says that has them. */
export async function readAddresses(
  queries: Queries,
  tenant: Tenant,
  addressIds: readonly string[],
): Promise<Map<string, Address>> {
  const mentions = await readLatestMentions(queries, tenant.id, addressIds);
  const found = new Map<string, Address>();
  for (const [id, row] of mentions) {
    const { content } = openContent(tenant.vault, row);
    const match = addressesOf(content).find(
      ({ address }) => addressId(tenant.vault, address.value) === id,
    )?.address;
    if (match !== undefined) found.set(id, match);
  }
  return found;
}

/** One thing that was said or done in a conversation, with everything that is about it. */
export interface ConversationEntry extends HistoryEntry {
  readonly channel: string | null;
  readonly connector: string;
  readonly account: string | null;
  /** The provider's own conversation, which is the unit of order. */
  readonly thread: string | null;
  readonly direction: Direction | null;
  readonly from: string | null;
  readonly to: string[];
  readonly routing: Readonly<Record<string, string>> | null;
  /** By whose the addresses were at that time, its own and those of what it is about, as far as is known today. */
  readonly custodianNow: Person | null;
  readonly contactNow: Person | null;
  readonly attachments: AttachmentView[];
  /** What came of it, where it is a call. */
  readonly call: CallView | null;
  /** What is about it; of a call, all that tells of it. */
  readonly history: (HistoryEntry & { readonly attachments: AttachmentView[] })[];
}

export async function readConversationEntries(
  queries: Queries,
  tenant: Tenant,
  rows: readonly RecordRow[],
): Promise<ConversationEntry[]> {
  const about = await readAbout(
    queries,
    tenant.id,
    rows.map((row) => row.eventKey),
  );
  const calls = await readCallsBehind(queries, tenant, rows);
  const all = [...rows, ...[...about.values()].flat()];
  const attachmentRows = await readAttachments(
    queries,
    all.map((row) => row.id),
  );
  const origins = await findByEventKeys(
    queries,
    tenant.id,
    rows.flatMap(({ aboutKey }) => aboutKey ?? []),
  );
  const resolve = await resolvePeople(
    queries,
    tenant,
    [...all, ...origins.values()].flatMap((row) => addressIdsOf(tenant, row)),
  );
  const partiesNow = (row: RecordRow) => partiesAt(resolve, addressIdsOf(tenant, row), timeOf(row));
  const attachmentsOf = (row: RecordRow) =>
    (attachmentRows.get(row.id) ?? []).map((each) =>
      attachmentView(tenant, each, row.sealedContent === null),
    );
  return rows.map((row) => {
    const skeleton = readSkeleton(row);
    const origin = origins.get(row.aboutKey ?? '');
    const now = firstParties([partiesNow(row), origin === undefined ? {} : partiesNow(origin)]);
    const behind = calls.get(row.sequence);
    const history = (about.get(row.eventKey) ?? []).map((each) => ({
      ...historyEntry(tenant, each),
      attachments: attachmentsOf(each),
    }));
    return {
      ...historyEntry(tenant, row),
      connector: skeleton.connector,
      account: row.accountId,
      thread: row.conversationId,
      ...saidIn(tenant, row),
      ...(behind && partiesOfCall(behind.call)),
      custodianNow: now.custodian ?? null,
      contactNow: now.contact ?? null,
      attachments: attachmentsOf(row),
      call: behind?.call ?? null,
      history: behind?.history.filter(({ id }) => id !== row.id) ?? history,
    };
  });
}

function timeOf(row: RecordRow): Date {
  const { times } = readSkeleton(row);
  return eventTime(times.claimed?.at, times.received);
}

function addressIdsOf(tenant: Tenant, row: RecordRow): string[] {
  if (row.sealedContent === null) return [];
  const { content } = openContent(tenant.vault, row);
  return addressesOf(content).map(({ address }) => addressId(tenant.vault, address.value));
}

/** What the whole call says stands before what its first record says. */
function partiesOfCall({ direction, from, to, custodian, contact }: CallView) {
  return { direction, from, to: to === null ? [] : [to], custodian, contact };
}

/** What only the content knows; nothing of it is left after an erasure. */
function saidIn(tenant: Tenant, row: RecordRow) {
  const content = row.sealedContent === null ? undefined : openContent(tenant.vault, row).content;
  if (content === undefined || !('channel' in content)) {
    return { channel: null, direction: null, from: null, to: [], routing: null };
  }
  const addresses = addressesOf(content);
  const named = (role: 'from' | 'to') =>
    addresses.filter((each) => each.role === role).map(({ address }) => address.asReceived);
  return {
    channel: content.channel,
    direction: 'direction' in content ? content.direction : null,
    from: named('from')[0] ?? null,
    to: named('to'),
    routing: content.routing ?? null,
  };
}
