import { and, asc, eq, exists, gt, gte, inArray, lt, sql } from 'drizzle-orm';
import type { Direction } from '../sdk/index.js';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { attachments, messages, recordAddresses } from './schema/index.js';
import { eventTimeOf } from './threads.js';

export type NewMessage = typeof messages.$inferInsert;
export type MessageRow = typeof messages.$inferSelect;

export async function insertMessages(tx: Queries, rows: readonly NewMessage[]): Promise<void> {
  await insertRows(tx, messages, rows);
}

/**
 * Brings the status of messages up to their highest receipt, whichever of the two was recorded first: a receipt whose
 * message is not known yet simply waits in its table.
 */
export async function raiseStatuses(
  tx: Queries,
  instanceId: string,
  eventKeys: readonly string[],
): Promise<void> {
  if (eventKeys.length === 0) return;
  await tx.execute(sql`
    update messages set status = highest.status, status_rank = highest.rank
    from (
      select distinct on (about_key) about_key, status, rank from receipts
      where instance_id = ${instanceId} and about_key = any(${sql.param([...eventKeys])}::uuid[])
      order by about_key, rank desc
    ) as highest
    where messages.instance_id = ${instanceId} and messages.event_key = highest.about_key
      and messages.status_rank < highest.rank`);
}

export interface MessageFilter {
  readonly instanceId: string;
  /** Sequence number of the last message that was read; 0 for the beginning. */
  readonly after: number;
  readonly limit: number;
  readonly accountId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly direction?: Direction | undefined;
  /** Keyed id of an address that sent or received it. */
  readonly addressId?: string | undefined;
  /** Ids of persons whose one of its addresses was at the time. */
  readonly personIds?: readonly string[];
  /** Received at this time or later. */
  readonly since?: Date | undefined;
  /** Received before this time. */
  readonly until?: Date | undefined;
}

/** The message log, in the order of the journal. */
export async function readMessages(queries: Queries, filter: MessageFilter): Promise<MessageRow[]> {
  const { accountId, conversationId, direction, addressId, personIds = [], since, until } = filter;
  return queries
    .select()
    .from(messages)
    .where(
      and(
        eq(messages.instanceId, filter.instanceId),
        gt(messages.sequence, filter.after),
        accountId === undefined ? undefined : eq(messages.accountId, accountId),
        conversationId === undefined ? undefined : eq(messages.conversationId, conversationId),
        direction === undefined ? undefined : eq(messages.direction, direction),
        since === undefined ? undefined : gte(messages.receivedAt, since),
        until === undefined ? undefined : lt(messages.receivedAt, until),
        addressId === undefined ? undefined : exists(occurrences(queries, filter.instanceId, addressId)),
        ...personIds.map((personId) => wasTheirs(filter.instanceId, personId)),
      ),
    )
    .orderBy(asc(messages.sequence))
    .limit(filter.limit);
}

/** A record has the time of its event inside; it is opened only where an address was not always somebody's. */
function wasTheirs(instanceId: string, personId: string) {
  const at = eventTimeOf('records');
  return sql`exists (
    select 1 from identities as link
    join record_addresses as mention on mention.instance_id = ${instanceId}
      and mention.address_id = link.address_id and mention.sequence = ${messages.sequence}
    where link.person_id = ${personId} and (
      (link.valid_from is null and link.valid_until is null) or exists (
        select 1 from records where records.id = ${messages.recordId}
          and (link.valid_from is null or link.valid_from <= ${at})
          and (link.valid_until is null or link.valid_until > ${at}))))`;
}

function occurrences(queries: Queries, instanceId: string, addressId: string) {
  return queries
    .select({ one: sql`1` })
    .from(recordAddresses)
    .where(
      and(
        eq(recordAddresses.instanceId, instanceId),
        eq(recordAddresses.addressId, addressId),
        eq(recordAddresses.sequence, messages.sequence),
      ),
    );
}

export async function readMessage(
  queries: Queries,
  instanceId: string,
  recordId: string,
): Promise<MessageRow | undefined> {
  const rows = await queries
    .select()
    .from(messages)
    .where(and(eq(messages.instanceId, instanceId), eq(messages.recordId, recordId)));
  return rows[0];
}

export type AttachmentRow = typeof attachments.$inferSelect;

/** The attachments of records, by record id, in the order in which the messages hold them. */
export async function readAttachments(
  queries: Queries,
  recordIds: readonly string[],
): Promise<Map<string, AttachmentRow[]>> {
  if (recordIds.length === 0) return new Map();
  const rows = await queries
    .select()
    .from(attachments)
    .where(inArray(attachments.recordId, [...recordIds]))
    .orderBy(asc(attachments.position));
  return groupByRecord(rows);
}

function groupByRecord(rows: readonly AttachmentRow[]): Map<string, AttachmentRow[]> {
  const groups = new Map<string, AttachmentRow[]>();
  for (const row of rows) {
    const group = groups.get(row.recordId);
    if (group === undefined) groups.set(row.recordId, [row]);
    else group.push(row);
  }
  return groups;
}
