import { and, eq, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import type { AttachmentRow } from './message-log.js';
import { attachments } from './schema/index.js';

export async function readAttachment(
  queries: Queries,
  instanceId: string,
  id: string,
): Promise<AttachmentRow | undefined> {
  const rows = await queries
    .select()
    .from(attachments)
    .where(and(eq(attachments.instanceId, instanceId), eq(attachments.id, id)));
  return rows[0];
}

export async function readAttachmentsById(
  queries: Queries,
  ids: readonly string[],
): Promise<Map<string, AttachmentRow>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .select()
    .from(attachments)
    .where(sql`${attachments.id} = any(${sql.param([...ids])}::uuid[])`);
  return new Map(rows.map((row) => [row.id, row]));
}

/** What became of the bytes of an attachment. */
export async function settleAttachment(
  tx: Queries,
  settled: { id: string; sealed: Uint8Array } & (
    | { state: 'stored'; blobId: string }
    | { state: 'gone'; blobId: null }
  ),
): Promise<void> {
  const { id, ...changes } = settled;
  await tx.update(attachments).set(changes).where(eq(attachments.id, id));
}
