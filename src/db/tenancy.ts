import { and, asc, eq, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import { accounts, type InstanceSettings, instances, journals, sinks } from './schema/index.js';

export type InstanceRow = typeof instances.$inferSelect;
export type AccountRow = typeof accounts.$inferSelect;
export type SinkRow = typeof sinks.$inferSelect;

/** Tells every node that instances, accounts, sinks or people changed. */
export const settingsChannel = 'archway_settings';

export async function notifySettingsChanged(tx: Queries): Promise<void> {
  await tx.execute(sql`select pg_notify(${settingsChannel}, '')`);
}

/** Makes an instance with an empty journal; returns false when the name is taken. */
export async function insertInstance(
  tx: Queries,
  instance: { id: string; name: string; wrappedKey: Uint8Array; settings: InstanceSettings },
): Promise<boolean> {
  const made = await tx
    .insert(instances)
    .values({ ...instance, createdAt: new Date() })
    .onConflictDoNothing({ target: instances.name })
    .returning({ id: instances.id });
  if (made.length === 0) return false;
  await tx.insert(journals).values({ instanceId: instance.id, lastSequence: 0 });
  await notifySettingsChanged(tx);
  return true;
}

export async function listInstances(queries: Queries): Promise<InstanceRow[]> {
  return queries.select().from(instances).orderBy(asc(instances.id));
}

export async function insertAccount(
  tx: Queries,
  account: { id: string; instanceId: string; connector: string; sealed: Uint8Array },
): Promise<void> {
  await tx.insert(accounts).values({ ...account, createdAt: new Date() });
  await notifySettingsChanged(tx);
}

export async function updateAccount(tx: Queries, account: { id: string; sealed: Uint8Array }): Promise<void> {
  await tx.update(accounts).set({ sealed: account.sealed }).where(eq(accounts.id, account.id));
  await notifySettingsChanged(tx);
}

/** Accounts of one instance, or of all. */
export async function listAccounts(queries: Queries, instanceId?: string): Promise<AccountRow[]> {
  return queries
    .select()
    .from(accounts)
    .where(instanceId === undefined ? undefined : eq(accounts.instanceId, instanceId))
    .orderBy(asc(accounts.id));
}

export async function insertSink(
  tx: Queries,
  sink: { id: string; instanceId: string; type: string; sealed: Uint8Array },
): Promise<void> {
  await tx.insert(sinks).values({ ...sink, createdAt: new Date() });
  await notifySettingsChanged(tx);
}

/** Sinks of one instance, or of all. */
export async function listSinks(queries: Queries, instanceId?: string): Promise<SinkRow[]> {
  return queries
    .select()
    .from(sinks)
    .where(instanceId === undefined ? undefined : eq(sinks.instanceId, instanceId))
    .orderBy(asc(sinks.id));
}

/** Pauses a sink as a whole and says why; a pause that lasts longer already stays. `pauses`: in a row, this one included. */
export async function pauseSink(
  tx: Queries,
  pause: { sinkId: string; delayMs: number; pauses: number; failureKind: FailureKind; failure: string },
): Promise<void> {
  await tx
    .update(sinks)
    .set({
      pausedUntil: sql`greatest(paused_until, now() + ${pause.delayMs} * interval '1 millisecond')`,
      pauses: pause.pauses,
      failureKind: pause.failureKind,
      failure: pause.failure,
    })
    .where(eq(sinks.id, pause.sinkId));
}

/** Clears what `pauseSink` wrote, after a delivery that succeeded. */
export async function markSinkHealthy(tx: Queries, sinkId: string): Promise<void> {
  await tx
    .update(sinks)
    .set({ pausedUntil: null, pauses: 0, failureKind: null, failure: null })
    .where(and(eq(sinks.id, sinkId), sql`${sinks.pauses} > 0`));
}

/** How often the sink was paused in a row, and whether such a pause lies ahead. */
export async function readPauses(
  queries: Queries,
  sinkId: string,
): Promise<{ pauses: number; paused: boolean }> {
  const [row] = await queries
    .select({ pauses: sinks.pauses, paused: sql<boolean>`coalesce(paused_until > now(), false)` })
    .from(sinks)
    .where(eq(sinks.id, sinkId));
  return row ?? { pauses: 0, paused: false };
}
