import { and, eq, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { consents } from './schema/index.js';

export type NewConsent = typeof consents.$inferInsert;

/** The latest word counts, by the order of the journal. */
export async function raiseConsents(tx: Queries, rows: readonly NewConsent[]): Promise<void> {
  if (rows.length === 0) return;
  // One statement may not touch a row twice: of several words of one moment the last stands.
  const last = new Map(rows.map((row) => [`${row.addressId}/${row.ownAddressId}`, row]));
  await insertRows(
    tx,
    consents,
    [...last.values()],
    sql`(instance_id, address_id, own_address_id) do update
      set action = excluded.action, sequence = excluded.sequence where consents.sequence < excluded.sequence`,
  );
}

/** Whether this address wants nothing more from one of ours. */
export async function hasOptedOut(
  queries: Queries,
  instanceId: string,
  { address, own }: { readonly address: string; readonly own: readonly string[] },
): Promise<boolean> {
  const rows = await queries
    .select({ sequence: consents.sequence })
    .from(consents)
    .where(
      and(
        eq(consents.instanceId, instanceId),
        eq(consents.addressId, address),
        eq(consents.action, 'opt-out'),
        sql`${consents.ownAddressId} = any(${sql.param([...own])}::uuid[])`,
      ),
    )
    .limit(1);
  return rows.length > 0;
}
