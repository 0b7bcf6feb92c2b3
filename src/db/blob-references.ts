import { sql } from 'drizzle-orm';
import { tablesWithBlobs } from './backup-snapshot.js';
import type { Queries } from './client.js';

/** Those of these blobs of an instance that some row names. Whoever refers to a blob does so by a column `blob_id`. */
export async function referencedBlobs(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  if (ids.length === 0) return found;
  for (const table of tablesWithBlobs()) {
    const rows = await queries.execute<{ blob_id: string }>(sql`
      select blob_id from ${sql.identifier(table)}
      where blob_id is not null and blob_id = any(${sql.param([...ids])}::text[]) and instance_id = ${instanceId}`);
    for (const { blob_id } of rows) found.add(blob_id);
  }
  return found;
}
