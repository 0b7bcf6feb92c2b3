import { eq, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { addressAliases } from './schema/index.js';

export type AddressAlias = typeof addressAliases.$inferSelect;

/** Of one pair the earliest time counts, so that the order in which records are read makes no difference. */
export async function insertAddressAliases(tx: Queries, rows: readonly AddressAlias[]): Promise<void> {
  const earliest = new Map<string, AddressAlias>();
  for (const row of rows) {
    const name = `${row.aliasId}/${row.addressId}`;
    const before = earliest.get(name);
    if (before === undefined || row.since < before.since) earliest.set(name, row);
  }
  await insertRows(
    tx,
    addressAliases,
    [...earliest.values()],
    sql`(instance_id, alias_id, address_id) do update set since = least(address_aliases.since, excluded.since)`,
  );
}

/** Everything about the aliases that one of these is, or has: also what contradicts it. In the order of time. */
export async function readAddressAliases(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<AddressAlias[]> {
  if (ids.length === 0) return [];
  const rows = await queries.execute<{ alias_id: string; address_id: string; since: number }>(sql`
    select alias_id, address_id, (extract(epoch from since) * 1000)::float8 as since from address_aliases
    where instance_id = ${instanceId} and alias_id in (
      select alias_id from address_aliases where instance_id = ${instanceId} and alias_id = any(${sql.param([...ids])}::uuid[])
      union
      select alias_id from address_aliases where instance_id = ${instanceId} and address_id = any(${sql.param([...ids])}::uuid[]))
    order by address_aliases.since, alias_id, address_id`);
  return rows.map(({ alias_id: aliasId, address_id: addressId, since }) => ({
    instanceId,
    aliasId,
    addressId,
    since: new Date(since),
  }));
}

export async function deleteAddressAliases(tx: Queries, instanceId: string): Promise<void> {
  await tx.delete(addressAliases).where(eq(addressAliases.instanceId, instanceId));
}
