import { and, eq, sql } from 'drizzle-orm';
import { renameLegs } from './calls.js';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { eventAliases } from './schema/index.js';

export type NewAlias = typeof eventAliases.$inferInsert;

/** Of these keyed ids, those that mean another event, and which. */
export async function findAliases(
  queries: Queries,
  instanceId: string,
  keys: readonly string[],
): Promise<Map<string, string>> {
  if (keys.length === 0) return new Map();
  const rows = await queries
    .select({ alias: eventAliases.alias, eventKey: eventAliases.eventKey })
    .from(eventAliases)
    .where(
      and(
        eq(eventAliases.instanceId, instanceId),
        sql`${eventAliases.alias} = any(${sql.param([...keys])}::uuid[])`,
      ),
    );
  return new Map(rows.map((row) => [row.alias, row.eventKey]));
}

/** Of these keyed ids of events, those that have a second name. */
export async function findAliased(
  queries: Queries,
  instanceId: string,
  eventKeys: readonly string[],
): Promise<ReadonlySet<string>> {
  if (eventKeys.length === 0) return new Set();
  const rows = await queries
    .select({ eventKey: eventAliases.eventKey })
    .from(eventAliases)
    .where(
      and(
        eq(eventAliases.instanceId, instanceId),
        sql`${eventAliases.eventKey} = any(${sql.param([...eventKeys])}::uuid[])`,
      ),
    );
  return new Set(rows.map(({ eventKey }) => eventKey));
}

/** The first meaning of an alias stays. What came under it before is the event's from now on: receipts, and legs of calls. */
export async function insertAliases(tx: Queries, aliases: readonly NewAlias[]): Promise<void> {
  if (aliases.length === 0) return;
  await insertRows(tx, eventAliases, aliases, sql`do nothing`);
  await tx.execute(sql`
    update receipts set about_key = given.event_key
    from unnest(${sql.param(aliases.map(({ alias }) => alias))}::uuid[],
                ${sql.param(aliases.map(({ eventKey }) => eventKey))}::uuid[],
                ${sql.param(aliases.map(({ instanceId }) => instanceId))}::uuid[]) as given (alias, event_key, instance_id)
    where receipts.instance_id = given.instance_id and receipts.about_key = given.alias`);
  await renameLegs(tx, aliases);
}
