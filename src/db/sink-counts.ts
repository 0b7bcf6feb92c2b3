import { type SQL, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';

/** Counts deliveries that were queued, one sink for each. Part of the transaction that queues them. */
export function countQueued(sinkIds: readonly string[]): SQL {
  return sql`
    update sink_inflow set queued = queued + queued_now
    from (select sink, count(*) as queued_now
          from unnest(${sql.param([...sinkIds])}::uuid[]) as given (sink) group by sink) as counted
    where sink_id = counted.sink`;
}

/** Counts records that the filters of sinks left out, one id for each, and those that no sink took. */
export async function countLeftOut(
  tx: Queries,
  given: { instanceId: string; sinkIds: readonly string[]; unmatched: number },
): Promise<void> {
  if (given.sinkIds.length > 0) {
    await tx.execute(sql`
      update sink_inflow set left_out = left_out + left_out_now
      from (select sink, count(*) as left_out_now
            from unnest(${sql.param([...given.sinkIds])}::uuid[]) as given (sink) group by sink) as counted
      where sink_id = counted.sink`);
  }
  if (given.unmatched > 0) {
    await tx.execute(sql`
      update journals set unmatched = unmatched + ${given.unmatched} where instance_id = ${given.instanceId}`);
  }
}

/** Counts what came of deliveries, in the minute that runs. */
export async function countOutcomes(
  tx: Queries,
  given: { sinkId: string; instanceId: string; delivered: number; failed: number },
): Promise<void> {
  const { sinkId, instanceId, delivered, failed } = given;
  if (delivered + failed === 0) return;
  const at = delivered > 0 ? sql`clock_timestamp()` : sql`null::timestamptz`;
  await tx.execute(sql`
    insert into sink_outflow (sink_id, minute, instance_id, delivered, failed, last_delivered_at)
    values (${sinkId}, date_trunc('minute', now()), ${instanceId}, ${delivered}, ${failed}, ${at})
    on conflict (sink_id, minute) do update set
      delivered = sink_outflow.delivered + excluded.delivered,
      failed = sink_outflow.failed + excluded.failed,
      last_delivered_at = greatest(sink_outflow.last_delivered_at, excluded.last_delivered_at)`);
}

/** When the sink last took something, by the clock of the database. */
export async function readLastDelivery(queries: Queries, sinkId: string): Promise<Date | null> {
  const [row] = await queries.execute<{ at: number | null }>(sql`
    select extract(epoch from max(last_delivered_at))::float8 * 1000 as at
    from sink_outflow where sink_id = ${sinkId}`);
  return row?.at == null ? null : new Date(row.at);
}

/** Adds up the minutes that no rate needs any more, so that totals stay quick to read. */
export async function foldOutflow(tx: Queries): Promise<void> {
  await tx.execute(sql`
    with past as (
      delete from sink_outflow
      where minute > 'epoch' and minute < now() - interval '1 hour'
      returning *)
    insert into sink_outflow (sink_id, minute, instance_id, delivered, failed, last_delivered_at)
    select sink_id, 'epoch', instance_id, sum(delivered), sum(failed), max(last_delivered_at)
    from past group by sink_id, instance_id
    on conflict (sink_id, minute) do update set
      delivered = sink_outflow.delivered + excluded.delivered,
      failed = sink_outflow.failed + excluded.failed,
      last_delivered_at = greatest(sink_outflow.last_delivered_at, excluded.last_delivered_at)`);
}

/** Makes the counts of sinks that are older than the counting. Call before anything is queued or delivered. */
export async function seedCounts(tx: Queries): Promise<void> {
  await tx.execute(sql`
    with uncounted as (
      select id, instance_id from sinks
      where not exists (select 1 from sink_inflow where sink_id = sinks.id)
      for update),
    queued as (
      insert into sink_inflow (sink_id, instance_id, queued, left_out)
      select id, instance_id, (select count(*) from deliveries where sink_id = uncounted.id), 0 from uncounted
      on conflict do nothing)
    insert into sink_outflow (sink_id, minute, instance_id, delivered, failed)
    select id, 'epoch', instance_id,
      (select count(*) from deliveries where sink_id = uncounted.id and state = 'delivered'), 0
    from uncounted
    on conflict do nothing`);
}

export interface HeldRecord {
  readonly record: string;
  readonly kind: FailureKind;
  readonly message: string;
}

/** What a sink has, lacks and does. */
export interface SinkFigures {
  readonly pending: number;
  readonly delivered: number;
  readonly dead: number;
  /** Records that its filter left out. */
  readonly leftOut: number;
  /** Deliveries that failed, whatever followed. */
  readonly failed: number;
  /** Age of the oldest record that waits; 0 when none does. */
  readonly lagSeconds: number;
  /** Why the oldest record that waits was not taken when it was last tried; null when it was not, or none waits. */
  readonly held: HeldRecord | null;
  /** Over the last minutes, five at most. */
  readonly deliveredPerMinute: number;
  readonly failedPerMinute: number;
}

export const noFigures: SinkFigures = {
  pending: 0,
  delivered: 0,
  dead: 0,
  leftOut: 0,
  failed: 0,
  lagSeconds: 0,
  held: null,
  deliveredPerMinute: 0,
  failedPerMinute: 0,
};

/** The minute that runs, and the four before it. */
const elapsedMinutes = sql`(4 + extract(epoch from now() - date_trunc('minute', now()))::float8 / 60)`;

/**
 * The figures of the sinks of one instance, or of all, by sink. None of them is counted row by row but the dead letters,
 * which are few and have an index.
 */
export async function readFigures(queries: Queries, instanceId?: string): Promise<Map<string, SinkFigures>> {
  const some = instanceId === undefined ? sql`true` : sql`sinks.instance_id = ${instanceId}`;
  const rows = await queries.execute<{ sink_id: string; queued: number } & Omit<SinkFigures, 'pending'>>(sql`
    select sinks.id as sink_id,
      coalesce(inflow.queued, 0)::float8 as queued,
      coalesce(inflow.left_out, 0)::float8 as "leftOut",
      outflow.delivered::float8 as delivered,
      outflow.failed::float8 as failed,
      outflow.delivered_lately::float8 / ${elapsedMinutes} as "deliveredPerMinute",
      outflow.failed_lately::float8 / ${elapsedMinutes} as "failedPerMinute",
      (select count(*) from deliveries
        where deliveries.instance_id = sinks.instance_id and deliveries.sink_id = sinks.id
          and deliveries.state = 'dead')::float8 as dead,
      coalesce(greatest(extract(epoch from now() - oldest.recorded_at), 0), 0)::float8 as "lagSeconds",
      case when oldest.failure_kind is not null then json_build_object(
        'record', oldest.record_id, 'kind', oldest.failure_kind, 'message', oldest.failure) end as held
    from sinks
    left join sink_inflow as inflow on inflow.sink_id = sinks.id
    cross join lateral (
      select coalesce(sum(delivered), 0) as delivered, coalesce(sum(failed), 0) as failed,
        coalesce(sum(delivered) filter (where lately), 0) as delivered_lately,
        coalesce(sum(failed) filter (where lately), 0) as failed_lately
      from (select delivered, failed, minute > now() - interval '5 minutes' as lately
            from sink_outflow where sink_id = sinks.id) as minutes) as outflow
    left join lateral (
      select records.recorded_at, deliveries.record_id, deliveries.failure_kind, deliveries.failure
      from deliveries join records on records.id = deliveries.record_id
      where deliveries.sink_id = sinks.id and deliveries.state = 'pending'
        and deliveries.sequence > 0
      order by deliveries.sequence limit 1) as oldest on true
    where ${some}`);
  return new Map(
    rows.map(({ sink_id, queued, ...figures }) => [
      sink_id,
      { ...figures, pending: Math.max(0, queued - figures.delivered - figures.dead) },
    ]),
  );
}
