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

export interface SilentAccount {
  readonly id: string;
  readonly instanceId: string;
  readonly expectEveryMinutes: number;
  /** Of the last message, or when the account was added. */
  readonly lastAt: Date;
}

/** Accounts without a message for longer than is expected of them. */
export async function readSilentAccounts(queries: Queries): Promise<SilentAccount[]> {
  const rows = await queries.execute<Omit<SilentAccount, 'lastAt'> & { at: number }>(sql`
    select accounts.id, accounts.instance_id as "instanceId", expect_every_minutes as "expectEveryMinutes",
      extract(epoch from last.at)::float8 * 1000 as at
    from accounts cross join lateral (
      select greatest(accounts.created_at, (
        select received_at from messages
        where messages.instance_id = accounts.instance_id and messages.account_id = accounts.id
        order by sequence desc limit 1)) as at) as last
    where expect_every_minutes is not null
      and last.at < now() - expect_every_minutes * interval '1 minute'`);
  return rows.map(({ at, ...account }) => ({ ...account, lastAt: new Date(at) }));
}
