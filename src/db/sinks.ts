import { and, asc, eq, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import { deliveriesChannel } from './delivery-queue.js';
import { type SinkFilter, sinkInflow, sinks } from './schema/index.js';
import { notifySettingsChanged } from './tenancy.js';

export type SinkRow = typeof sinks.$inferSelect;
export type { SinkFilter };

export async function insertSink(
  tx: Queries,
  sink: { id: string; instanceId: string; type: string; sealed: Uint8Array; filter: SinkFilter | null },
): Promise<void> {
  await tx.insert(sinks).values({ ...sink, createdAt: new Date() });
  await tx.insert(sinkInflow).values({ sinkId: sink.id, instanceId: sink.instanceId, queued: 0, leftOut: 0 });
  await notifySettingsChanged(tx);
}

/** Changes a sink. Let the settings be taken over, then call `retrySink`. */
export async function updateSink(
  tx: Queries,
  sink: { id: string; sealed: Uint8Array; filter: SinkFilter | null },
): Promise<void> {
  await tx.update(sinks).set({ sealed: sink.sealed, filter: sink.filter }).where(eq(sinks.id, sink.id));
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

/** The operator's pause: lasts until `resumeSink`, over restarts, whatever the sink does. */
export async function stopSink(tx: Queries, sinkId: string): Promise<void> {
  await tx.execute(sql`update sinks set stopped_at = coalesce(stopped_at, now()) where id = ${sinkId}`);
}

/** Ends the operator's pause, and one that followed a failure: what waits because of it is tried at once. */
export async function resumeSink(tx: Queries, sinkId: string): Promise<void> {
  await tx.update(sinks).set({ stoppedAt: null }).where(eq(sinks.id, sinkId));
  await retrySink(tx, sinkId);
}

/**
 * Ends a pause that followed a failure: what waits because of it is tried at once, what waits by a schedule of its own is not.
 * The failure stays on record until a delivery succeeds.
 */
export async function retrySink(tx: Queries, sinkId: string): Promise<void> {
  await tx.execute(sql`select 1 from sinks where id = ${sinkId} for update`);
  // No lane that a pause holds back waits longer than the pause: that tells them from the others.
  const heldBack = sql`sink_id = ${sinkId} and due_at > now()
    and due_at <= (select paused_until from sinks where id = ${sinkId})`;
  // In the order in which everybody locks lanes, so that two transactions never wait for each other.
  await tx.execute(sql`select 1 from lanes where ${heldBack} order by sink_id, lane for update`);
  await tx.execute(sql`update lanes set due_at = now() where ${heldBack}`);
  await tx.execute(sql`update sinks set paused_until = least(paused_until, now()) where id = ${sinkId}`);
  await tx.execute(sql`select pg_notify(${deliveriesChannel}, ${sinkId})`);
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
      failingSince: sql`coalesce(failing_since, now())`,
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
    .set({ pausedUntil: null, failingSince: null, pauses: 0, failureKind: null, failure: null })
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
