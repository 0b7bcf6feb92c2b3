import { and, asc, eq, gt, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertStatements } from './insert-rows.js';
import type { Lease } from './leases.js';
import { runInOrder } from './run-in-order.js';
import { attachments, receipts, recordAddresses, records } from './schema/index.js';

export type NewRecord = typeof records.$inferInsert;
export type RecordRow = typeof records.$inferSelect;
export type NewAddress = typeof recordAddresses.$inferInsert;
export type NewReceipt = typeof receipts.$inferInsert;
export type NewAttachment = typeof attachments.$inferInsert;

/** Thrown when another node has become the writer of this journal: the transaction must end without effect. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * Locks the journal of an instance for this transaction and returns its last sequence number. The row lock lasts until the
 * commit, so numbers are given in commit order and a rollback gives them back: no holes, no late arrivals.
 *
 * @throws {LeaseLostError} when the lease has passed to another holder.
 */
export async function lockJournal(tx: Queries, instanceId: string, lease: Lease): Promise<number> {
  const rows = await tx.execute<{ last_sequence: string; fence: number; holder: string }>(sql`
    select journals.last_sequence, leases.fence, leases.holder
    from journals join leases on leases.name = ${lease.name}
    where journals.instance_id = ${instanceId}
    for update of journals`);
  const [row] = rows;
  if (row === undefined || row.fence !== lease.fence || row.holder !== lease.holder) {
    throw new LeaseLostError(`The journal of instance ${instanceId} has another writer now.`);
  }
  return Number(row.last_sequence);
}

export async function advanceJournal(tx: Queries, instanceId: string, lastSequence: number): Promise<void> {
  await tx.execute(
    sql`update journals set last_sequence = ${lastSequence} where instance_id = ${instanceId}`,
  );
}

export interface NewEntries {
  readonly records: readonly NewRecord[];
  readonly addresses: readonly NewAddress[];
  readonly receipts: readonly NewReceipt[];
  readonly attachments: readonly NewAttachment[];
}

/** Appends records with what is found by them. Their sequence numbers follow the one that `lockJournal` gave. */
export async function appendEntries(tx: Queries, entries: NewEntries): Promise<void> {
  await runInOrder(tx, [
    ...insertStatements(records, entries.records),
    ...insertStatements(recordAddresses, entries.addresses, sql`do nothing`),
    ...insertStatements(receipts, entries.receipts),
    ...insertStatements(attachments, entries.attachments),
  ]);
}

/** The records that these events already have. */
export async function findByEventKeys(
  queries: Queries,
  instanceId: string,
  eventKeys: readonly string[],
): Promise<Map<string, RecordRow>> {
  if (eventKeys.length === 0) return new Map();
  // Key by key, so that the plan is the same whatever the planner believes of the table.
  const known = sql`
    select record.id from unnest(${sql.param([...eventKeys])}::uuid[]) as wanted (key)
    cross join lateral (
      select id from records where instance_id = ${instanceId} and event_key = wanted.key limit 1) as record`;
  const rows = await queries.select().from(records).where(sql`${records.id} in (${known})`);
  return new Map(rows.map((row) => [row.eventKey, row]));
}

export async function readRecords(
  queries: Queries,
  page: { instanceId: string; after: number; limit: number },
): Promise<RecordRow[]> {
  return queries
    .select()
    .from(records)
    .where(and(eq(records.instanceId, page.instanceId), gt(records.sequence, page.after)))
    .orderBy(asc(records.sequence))
    .limit(page.limit);
}

export async function readRecordsById(
  queries: Queries,
  ids: readonly string[],
): Promise<Map<string, RecordRow>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .select()
    .from(records)
    .where(sql`${records.id} = any(${sql.param([...ids])}::uuid[])`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** A record and everything that is about it, by its key or by another name for it, in the order of the journal. */
export async function readHistory(
  queries: Queries,
  instanceId: string,
  eventKey: string,
): Promise<RecordRow[]> {
  return queries
    .select()
    .from(records)
    .where(
      and(
        eq(records.instanceId, instanceId),
        sql`(${records.eventKey} = ${eventKey} or ${records.aboutKey} = ${eventKey} or ${records.aboutKey} in (
          select alias from event_aliases where instance_id = ${instanceId} and event_key = ${eventKey}))`,
      ),
    )
    .orderBy(asc(records.sequence));
}

/** What the provider has said of these events so far. */
export async function findReceipts(
  queries: Queries,
  instanceId: string,
  aboutKeys: readonly string[],
): Promise<{ aboutKey: string; status: string }[]> {
  if (aboutKeys.length === 0) return [];
  return queries
    .select({ aboutKey: receipts.aboutKey, status: receipts.status })
    .from(receipts)
    .where(
      and(
        eq(receipts.instanceId, instanceId),
        sql`${receipts.aboutKey} = any(${sql.param([...aboutKeys])}::uuid[])`,
      ),
    );
}

/** Whose the records of these events are. */
export async function findCustodiansByEvent(
  queries: Queries,
  instanceId: string,
  eventKeys: readonly string[],
): Promise<Map<string, string[]>> {
  if (eventKeys.length === 0) return new Map();
  const rows = await queries
    .select({ eventKey: records.eventKey, custodianIds: records.custodianIds })
    .from(records)
    .where(
      and(
        eq(records.instanceId, instanceId),
        sql`${records.eventKey} = any(${sql.param([...eventKeys])}::uuid[])`,
      ),
    );
  return new Map(rows.map((row) => [row.eventKey, row.custodianIds]));
}

/** Whose the last message of each of these conversations is. */
export async function findCustodiansByConversation(
  queries: Queries,
  instanceId: string,
  conversationIds: readonly string[],
): Promise<Map<string, string[]>> {
  if (conversationIds.length === 0) return new Map();
  const rows = await queries.execute<{ conversation: string; custodians: string }>(sql`
    select conversation, array_to_string(last.custodian_ids, ',') as custodians
    from (select distinct conversation from unnest(${sql.param([...conversationIds])}::uuid[])
      as given (conversation)) as wanted
    cross join lateral (
      select records.custodian_ids from messages join records on records.id = messages.record_id
      where messages.instance_id = ${instanceId} and messages.conversation_id = wanted.conversation
      order by messages.sequence desc limit 1) as last`);
  return new Map(rows.map((row) => [row.conversation, row.custodians.split(',').filter((id) => id !== '')]));
}
