import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertStatements } from './insert-rows.js';
import { widenHours } from './message-page.js';
import { runInOrder } from './run-in-order.js';
import { attachments, messages } from './schema/index.js';

export type NewMessage = typeof messages.$inferInsert;
export type MessageRow = typeof messages.$inferSelect;

/** Adds messages to the log. MUST run in the transaction that gives them their numbers. */
export async function insertMessages(tx: Queries, rows: readonly NewMessage[]): Promise<void> {
  if (rows.length === 0) return;
  await runInOrder(tx, [...insertStatements(messages, rows), widenHours(rows)]);
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

/** By the keyed id of its event. */
export async function readMessageByKey(
  queries: Queries,
  instanceId: string,
  key: string,
): Promise<MessageRow | undefined> {
  const rows = await queries
    .select()
    .from(messages)
    .where(and(eq(messages.instanceId, instanceId), eq(messages.eventKey, key)));
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
