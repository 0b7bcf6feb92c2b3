import { and, eq, gt, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { mediaLinks, uploads } from './schema/index.js';

export type UploadRow = typeof uploads.$inferSelect;
export type NewMediaLink = typeof mediaLinks.$inferInsert;

export async function insertUpload(tx: Queries, row: Omit<UploadRow, 'createdAt'>): Promise<void> {
  await tx.insert(uploads).values({ ...row, createdAt: new Date() });
}

export async function readUploads(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<UploadRow[]> {
  if (ids.length === 0) return [];
  return queries
    .select()
    .from(uploads)
    .where(and(eq(uploads.instanceId, instanceId), sql`${uploads.id} = any(${sql.param([...ids])}::uuid[])`));
}

/** Adds links, and takes away those whose time is over. */
export async function insertMediaLinks(queries: Queries, links: readonly NewMediaLink[]): Promise<void> {
  await queries.delete(mediaLinks).where(sql`${mediaLinks.expiresAt} < now()`);
  if (links.length > 0) await queries.insert(mediaLinks).values([...links]);
}

export interface LinkedUpload {
  readonly upload: UploadRow;
  readonly outboundId: string;
  /** This fetch included. */
  readonly fetches: number;
}

/** What a link leads to, and counts the fetch; undefined for one that is unknown or over. */
export async function followMediaLink(
  queries: Queries,
  tokenHash: Uint8Array,
): Promise<LinkedUpload | undefined> {
  const [link] = await queries
    .update(mediaLinks)
    .set({ fetches: sql`${mediaLinks.fetches} + 1`, fetchedAt: new Date() })
    .where(and(eq(mediaLinks.tokenHash, tokenHash), gt(mediaLinks.expiresAt, sql`now()`)))
    .returning();
  if (link === undefined) return undefined;
  const [upload] = await readUploads(queries, link.instanceId, [link.uploadId]);
  return upload && { upload, outboundId: link.outboundId, fetches: link.fetches };
}
