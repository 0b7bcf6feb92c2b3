import { and, asc, eq, gt, isNull, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { type AlertReason, alertReasons, alerts } from './schema/index.js';

export type AlertRow = typeof alerts.$inferSelect;
export type { AlertReason };
export { alertReasons };

export type NewAlert = Omit<AlertRow, 'closedAt'>;

/** Opens an alert; false when one for this reason and subject is open already, such as by another node. */
export async function insertAlert(tx: Queries, alert: NewAlert): Promise<boolean> {
  const made = await tx.insert(alerts).values(alert).onConflictDoNothing().returning({ id: alerts.id });
  return made.length > 0;
}

/** Closes an alert; false when another node was first. */
export async function closeAlert(tx: Queries, id: string, closedAt: Date): Promise<boolean> {
  const closed = await tx
    .update(alerts)
    .set({ closedAt })
    .where(and(eq(alerts.id, id), isNull(alerts.closedAt)))
    .returning({ id: alerts.id });
  return closed.length > 0;
}

/** Open alerts of all instances. */
export async function listOpenAlerts(queries: Queries): Promise<AlertRow[]> {
  return queries.select().from(alerts).where(isNull(alerts.closedAt)).orderBy(asc(alerts.id));
}

/** Alerts of one instance, the oldest first. */
export async function listAlerts(
  queries: Queries,
  page: { instanceId: string; openOnly: boolean; after: string; limit: number },
): Promise<AlertRow[]> {
  return queries
    .select()
    .from(alerts)
    .where(
      and(
        eq(alerts.instanceId, page.instanceId),
        page.openOnly ? isNull(alerts.closedAt) : undefined,
        gt(alerts.id, page.after),
      ),
    )
    .orderBy(asc(alerts.id))
    .limit(page.limit);
}

/** Of each instance whose inbox holds something, since when the oldest capture waits. */
export async function readInboxAges(queries: Queries): Promise<Map<string, Date>> {
  const rows = await queries.execute<{ id: string; at: number }>(sql`
    select instances.id, extract(epoch from oldest.received_at)::float8 * 1000 as at
    from instances cross join lateral (
      select received_at from captures
      where captures.instance_id = instances.id and state = 'pending'
      order by position limit 1) as oldest`);
  return new Map(rows.map(({ id, at }) => [id, new Date(at)]));
}
