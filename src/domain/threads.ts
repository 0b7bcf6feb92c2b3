import { deleteAddressAliases, insertAddressAliases } from '../db/address-aliases.js';
import type { Queries } from '../db/client.js';
import { type RecordRow, readRecords } from '../db/journal.js';
import {
  type CallCount,
  continueThreads,
  countCalls,
  countOccurrences,
  deleteThreads,
  findThreads,
  holdJournal,
  insertParties,
  readBounds,
  readFormerThreads,
  readKnownThreads,
  readParties,
  recountSpans,
  renameSpans,
  replaceSpans,
  type Span,
  upsertThreads,
} from '../db/threads.js';
import type { Content, RecordKind } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { aliasOf, readClaims, withOtherAddresses } from './address-aliases.js';
import { addressId } from './addresses.js';
import { conversationIdOf } from './conversation-ids.js';
import { addressesOf, type Communication, eventTime } from './parties.js';
import { type Claim, divide } from './periods.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

/** What one record says about the conversation that it belongs to. */
export interface Touch {
  readonly threadId: string;
  /** The thread that this one continues, where the record says so. */
  readonly formerThreadId?: string | undefined;
  readonly accountId: string | null;
  readonly channel: string;
  readonly kind: RecordKind;
  readonly at: Date;
  readonly sequence: number;
  readonly parties: readonly { readonly addressId: string; readonly own: boolean }[];
}

interface Place {
  readonly conversationId: string | undefined;
  readonly account: Pick<Account, 'id' | 'connector' | 'ownAddresses'> | undefined;
  readonly at: Date;
  readonly sequence: number;
}

/** Undefined for what belongs to no conversation. Receipts are told by the status of their message. */
export function touchOf(tenant: Tenant, content: Communication, place: Place): Touch | undefined {
  const { conversationId, account, at, sequence } = place;
  if (conversationId === undefined || content.kind === 'receipt') return undefined;
  if (!('channel' in content)) return undefined;
  const ownIds = new Set((account?.ownAddresses ?? []).map((own) => addressId(tenant.vault, own)));
  const outbound = 'direction' in content && content.direction === 'outbound';
  const parties = addressesOf(content).map(({ address, role }) => {
    const id = addressId(tenant.vault, address.value);
    return { addressId: id, own: ownIds.has(id) || (outbound && role === 'from') };
  });
  const { channel, kind } = content;
  const former = kind === 'alias' ? content.formerConversation : undefined;
  const formerThreadId =
    former && account && conversationIdOf(tenant, account.connector.id, account.id, former);
  const accountId = account?.id ?? null;
  return { threadId: conversationId, formerThreadId, accountId, channel, kind, at, sequence, parties };
}

/**
 * Brings the conversations up to these new records. MUST run in their transaction, which holds the journal, after the call log
 * has been brought up to them.
 *
 * @param calls which calls have appeared in a thread, or gone from it.
 */
export async function recordTouches(
  tx: Queries,
  tenant: Tenant,
  touches: readonly Touch[],
  calls: readonly CallCount[],
): Promise<void> {
  const changed = await noteParties(tx, tenant, touches);
  const unchanged = ({ threadId }: { readonly threadId: string }) => !changed.has(threadId);
  await countOccurrences(tx, touches.filter(unchanged));
  await countCalls(tx, calls.filter(unchanged));
  await refreshThreads(tx, tenant, [...changed], 'recount');
}

/** Returns the threads in which somebody is new, or that turned out to continue another one. */
async function noteParties(tx: Queries, tenant: Tenant, touches: readonly Touch[]): Promise<Set<string>> {
  if (touches.length === 0) return new Set();
  const instanceId = tenant.id;
  const threads = new Map<string, { accountId: string | null; channels: Set<string> }>();
  const parties = new Map<string, { threadId: string; addressId: string; own: boolean }>();
  for (const { threadId, accountId, channel, parties: given } of touches) {
    const thread = threads.get(threadId) ?? { accountId, channels: new Set() };
    threads.set(threadId, thread);
    thread.channels.add(channel);
    for (const party of given) {
      const place = `${threadId}/${party.addressId}`;
      const own = party.own || parties.get(place)?.own === true;
      parties.set(place, { threadId, addressId: party.addressId, own });
    }
  }
  // Nearly all belong to threads that are known, and change nothing but counts.
  const known = await readKnownThreads(tx, [...threads.keys()]);
  const isNews = (threadId: string, channels: ReadonlySet<string>) =>
    [...channels].some((channel) => known.get(threadId)?.channels.has(channel) !== true);
  const newThreads = [...threads].filter(([id, { channels }]) => isNews(id, channels));
  await upsertThreads(
    tx,
    newThreads.map(([id, thread]) => ({ id, instanceId, ...thread, channels: [...thread.channels] })),
  );
  const continued = touches.flatMap(({ threadId: id, formerThreadId: formerId }) =>
    formerId === undefined || formerId === id ? [] : [{ id, formerId }],
  );
  await continueThreads(tx, continued);
  const newParties = [...parties.values()].filter(
    ({ threadId, addressId: party }) => known.get(threadId)?.parties.has(party) !== true,
  );
  await insertParties(
    tx,
    newParties.map((party) => ({ instanceId, ...party })),
  );
  return new Set([...newParties.map(({ threadId }) => threadId), ...continued.map(({ id }) => id)]);
}

/** Keeps a statement at a size that a server handles with ease. */
const threadsMax = 1_000;

/** Sorts everything that these addresses said or heard to whom they belong now. No record is touched. */
export async function refreshAddresses(
  tx: Queries,
  tenant: Tenant,
  addressIds: readonly string[],
): Promise<void> {
  const all = await withOtherAddresses(tx, tenant.id, addressIds);
  const threadIds = await findThreads(tx, tenant.id, [...new Set([...all.values()].flat())]);
  for (let start = 0; start < threadIds.length; start += threadsMax) {
    await refreshThreads(tx, tenant, threadIds.slice(start, start + threadsMax), 'keep');
  }
}

/** @param counts `keep`: what is counted stays where the bounds of the spans do. */
async function refreshThreads(
  tx: Queries,
  tenant: Tenant,
  threadIds: readonly string[],
  counts: 'keep' | 'recount',
): Promise<void> {
  if (threadIds.length === 0) return;
  const parties = new Map<string, string[]>(threadIds.map((id) => [id, []]));
  for (const { threadId, addressId: id } of await readParties(tx, threadIds)) parties.get(threadId)?.push(id);
  const addressIds = [...new Set([...parties.values()].flat())];
  const claims = new Map<string, Claim[]>();
  for (const claim of await readClaims(tx, tenant.id, addressIds)) {
    claims.set(claim.addressId, [...(claims.get(claim.addressId) ?? []), claim]);
  }
  const formers = await readFormerThreads(tx, threadIds);
  const before = counts === 'keep' ? await readBounds(tx, threadIds) : new Map<string, string>();
  const renamed: Span[] = [];
  const replaced: Span[] = [];
  for (const [threadId, addresses] of parties) {
    const spans = spansOf(
      tenant,
      { threadId, groupId: formers.get(threadId) ?? threadId },
      addresses,
      claims,
    );
    const bounds = spans.map(({ until }) => until?.getTime() ?? '').join(' ');
    (before.get(threadId) === bounds ? renamed : replaced).push(...spans);
  }
  await renameSpans(tx, renamed);
  await replaceSpans(tx, tenant.id, replaced);
  await recountSpans(tx, tenant.id, [...new Set(replaced.map(({ threadId }) => threadId))]);
}

/** Two people have one conversation however they talk; more of them have one for each group. */
function spansOf(
  tenant: Tenant,
  { threadId, groupId }: { readonly threadId: string; readonly groupId: string },
  addresses: readonly string[],
  claims: ReadonlyMap<string, readonly Claim[]>,
): Span[] {
  return divide(addresses, claims).map(({ since, until, principals }, position) => {
    const scope = principals.length > 2 ? `group/${groupId}` : `people/${principals.join('/')}`;
    const conversationId = tenant.vault.lookupId('people-conversation', scope);
    return { threadId, position, since, until, conversationId, principals };
  });
}

const pageSize = 1_000;

/**
 * Makes the projection of conversations again from the journal. What was erased keeps its place only where another record
 * shows who took part. MUST run inside a transaction, after the call log was made again.
 */
export async function rebuildThreads(
  tx: Queries,
  tenant: Tenant,
  accounts: readonly Account[],
): Promise<number> {
  await holdJournal(tx, tenant.id);
  await deleteThreads(tx, tenant.id);
  await deleteAddressAliases(tx, tenant.id);
  const byId = new Map(accounts.map((account) => [account.id, account]));
  const threadIds = new Set<string>();
  let after = 0;
  for (;;) {
    const rows = await readRecords(tx, { instanceId: tenant.id, after, limit: pageSize });
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.sequence;
    const touches = rows.flatMap((row) => touchOfRecord(tenant, row, byId) ?? []);
    await insertAddressAliases(
      tx,
      rows.flatMap((row) => aliasOfRecord(tenant, row) ?? []),
    );
    await noteParties(tx, tenant, touches);
    for (const { threadId } of touches) threadIds.add(threadId);
  }
  // Only now, since counting looks at the whole journal.
  const all = [...threadIds];
  for (let start = 0; start < all.length; start += threadsMax) {
    await refreshThreads(tx, tenant, all.slice(start, start + threadsMax), 'recount');
  }
  return after;
}

function aliasOfRecord(tenant: Tenant, row: RecordRow) {
  if (row.kind !== 'alias' || row.sealedContent === null) return undefined;
  return aliasOf(tenant, openContent(tenant.vault, row).content, row.receivedAt);
}

function touchOfRecord(
  tenant: Tenant,
  row: RecordRow,
  accounts: ReadonlyMap<string, Account>,
): Touch | undefined {
  if (row.sealedContent === null) return undefined;
  const content: Content = openContent(tenant.vault, row).content;
  const { times } = readSkeleton(row);
  return touchOf(tenant, content, {
    conversationId: row.conversationId ?? undefined,
    account: accounts.get(row.accountId ?? ''),
    at: eventTime(times.claimed?.at, times.received),
    sequence: row.sequence,
  });
}
