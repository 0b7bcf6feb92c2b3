import { and, asc, eq, gt, inArray, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import { insertStatements } from './insert-rows.js';
import { runInOrder } from './run-in-order.js';
import { deliveries, evidence } from './schema/index.js';
import { countQueued } from './sink-counts.js';

export type NewDelivery = typeof deliveries.$inferInsert;
export type DeliveryRow = typeof deliveries.$inferSelect;
export type NewEvidence = typeof evidence.$inferInsert;

export const deliveriesChannel = 'archway_deliveries';

/** Queues deliveries: one row each, and their lanes become due. Part of the transaction that makes the records. */
export async function enqueueDeliveries(tx: Queries, rows: readonly NewDelivery[]): Promise<void> {
  if (rows.length === 0) return;
  const unique = new Map(rows.map((row) => [laneOrder(row), row]));
  const ordered = [...unique].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, row]) => row);
  // A lane that waits for its head keeps waiting: a new record behind it must not hurry the retry. Its row is locked all the
  // same, so that whoever gives the lane back looks at what waits before this or after it, and not beside it.
  const due = sql`
    insert into lanes (instance_id, sink_id, lane, due_at)
    select instance_id, sink_id, lane, now()
    from unnest(${sql.param(ordered.map((row) => row.instanceId))}::uuid[],
                ${sql.param(ordered.map((row) => row.sinkId))}::uuid[],
                ${sql.param(ordered.map((row) => row.lane))}::uuid[]) as due (instance_id, sink_id, lane)
    on conflict (sink_id, lane) do update set due_at = now() where lanes.due_at is null`;
  const sinkIds = rows.map((row) => row.sinkId);
  const sinks = sql.param([...new Set(sinkIds)]);
  const notify = sql`select pg_notify(${deliveriesChannel}, sink) from unnest(${sinks}::text[]) as sink`;
  await runInOrder(tx, [...insertStatements(deliveries, rows), due, countQueued(sinkIds), notify]);
}

/** Rows are locked in one order everywhere, so that two transactions never wait for each other. */
function laneOrder(row: NewDelivery): string {
  return `${row.sinkId} ${row.lane}`;
}

/**
 * Claims the lanes of a sink that have been due the longest. While the sink is paused, by us or by an operator, none. A lane whose dispatcher died
 * becomes claimable again when its lease ends; one that the holder itself claimed, and could then neither read nor settle,
 * at once.
 *
 * @param claim.active lanes that the holder is delivering from.
 */
export async function claimLanes(
  queries: Queries,
  claim: { sinkId: string; holder: string; active: readonly string[]; limit: number; leaseMs: number },
): Promise<string[]> {
  const rows = await queries.execute<{ lane: string }>(sql`
    update lanes set
      lease_holder = ${claim.holder},
      leased_until = now() + ${claim.leaseMs} * interval '1 millisecond'
    where (sink_id, lane) in (
      select lanes.sink_id, lanes.lane from lanes join sinks on sinks.id = lanes.sink_id
      where lanes.sink_id = ${claim.sinkId} and lanes.due_at <= now()
        and (lanes.leased_until is null or lanes.leased_until < now() or lanes.lease_holder = ${claim.holder})
        and lanes.lane <> all(${sql.param([...claim.active])}::uuid[])
        and (sinks.paused_until is null or sinks.paused_until <= now()) and sinks.stopped_at is null
      order by lanes.due_at limit ${claim.limit}
      for update of lanes skip locked)
    returning lane`);
  return rows.map(({ lane }) => lane);
}

/** The waiting deliveries of several claimed lanes, each lane in the order of the journal. */
export async function readPending(
  queries: Queries,
  request: { sinkId: string; lanes: readonly string[]; perLaneMax: number },
): Promise<Map<string, DeliveryRow[]>> {
  // Lane by lane, so that the plan is the same whatever the planner believes of the table.
  const heads = sql`
    select head.id from unnest(${sql.param([...request.lanes])}::uuid[]) as claimed (lane)
    cross join lateral (
      select id from deliveries where sink_id = ${request.sinkId} and lane = claimed.lane and state = 'pending'
      order by sequence limit ${request.perLaneMax}) as head`;
  const rows = await queries
    .select()
    .from(deliveries)
    .where(sql`${deliveries.id} in (${heads})`)
    .orderBy(asc(deliveries.sequence));
  const groups = new Map<string, DeliveryRow[]>(request.lanes.map((lane) => [lane, []]));
  for (const row of rows) groups.get(row.lane)?.push(row);
  return groups;
}

/** Returns how many deliveries were made by it; what another node has settled already does not count twice. */
export async function storeEvidence(tx: Queries, rows: readonly NewEvidence[]): Promise<number> {
  if (rows.length === 0) return 0;
  const delivered = sql`
    update deliveries set state = 'delivered', attempts = attempts + 1, changed_at = now(),
      failure_kind = null, failure = null
    where id = any(${sql.param(rows.map((row) => row.deliveryId))}::uuid[]) and state <> 'delivered'
    returning 1`;
  const results = await runInOrder(tx, [...insertStatements(evidence, rows, sql`do nothing`), delivered]);
  return results.at(-1)?.length ?? 0;
}

export interface FailedTry {
  readonly delivery: DeliveryRow;
  readonly failureKind: FailureKind;
  readonly failure: string;
  /**
   * - `waits`: the item is not to blame, and no attempt is used up.
   * - `retries`: an attempt is used up, and there will be another.
   * - `dead`: it was the last one.
   */
  readonly effect: 'waits' | 'retries' | 'dead';
}

/**
 * Notes failed tries. Attempts are numbered through all replays, since a replay begins to count them anew. What another
 * node has delivered meanwhile stays delivered.
 */
export async function storeFailedTries(tx: Queries, failed: readonly FailedTry[]): Promise<void> {
  if (failed.length === 0) return;
  const column = (value: (each: FailedTry) => string) => sql`${sql.param(failed.map(value))}::text[]`;
  await tx.execute(sql`
    with given as (
      select * from unnest(${column((each) => each.delivery.id)}, ${column((each) => each.effect)},
        ${column((each) => each.failureKind)}, ${column((each) => each.failure)})
        as given (id, effect, failure_kind, failure)),
    failed as (
      update deliveries set
        state = case given.effect when 'dead' then 'dead' else 'pending' end,
        attempts = attempts + case given.effect when 'waits' then 0 else 1 end,
        failure_kind = given.failure_kind, failure = given.failure, changed_at = now()
      from given where deliveries.id = given.id::uuid and state = 'pending'
      returning deliveries.id, instance_id, given.effect, given.failure_kind, given.failure)
    insert into attempts (instance_id, delivery_id, number, at, failure_kind, failure)
    select instance_id, id, 1 + (select count(*) from attempts where delivery_id = failed.id), now(),
      failure_kind, failure
    from failed where effect <> 'waits'
    on conflict do nothing`);
}

/** Makes the lease of a claimed lane last for a while from now on. */
export async function extendLane(
  queries: Queries,
  { sinkId, lane, holder, leaseMs }: { sinkId: string; lane: string; holder: string; leaseMs: number },
): Promise<void> {
  await queries.execute(sql`
    update lanes set leased_until = now() + ${leaseMs} * interval '1 millisecond'
    where sink_id = ${sinkId} and lane = ${lane} and lease_holder = ${holder}`);
}

/**
 * Gives a claimed lane back, due again after `retryInMs`. The row is locked before the look for
 * waiting deliveries: a record that is being committed beside us either is seen here, or finds the lane not due and
 * makes it so.
 */
export async function releaseLanes(
  tx: Queries,
  release: { sinkId: string; holder: string; lanes: readonly { lane: string; retryInMs: number }[] },
): Promise<void> {
  const lanes = release.lanes.toSorted((left, right) => (left.lane < right.lane ? -1 : 1));
  const released = sql`unnest(${sql.param(lanes.map(({ lane }) => lane))}::uuid[],
    ${sql.param(lanes.map(({ retryInMs }) => retryInMs))}::float8[]) as released (lane, delay_ms)`;
  // Looked up lane by lane, by their keys: a planner that knows little of the tables would look at all lanes, and at all
  // that waits, for each of them.
  const mine = sql`
    select lanes.ctid from lanes
    where lanes.sink_id = ${release.sinkId} and lanes.lane = released.lane
      and lanes.lease_holder = ${release.holder} limit 1`;
  const lock = sql`select 1 from ${released} cross join lateral (${mine} for update) as mine`;
  const give = sql`
    update lanes set lease_holder = null, leased_until = null,
      due_at = case when (
        select sequence from deliveries where deliveries.sink_id = lanes.sink_id and deliveries.lane = lanes.lane
          and deliveries.state = 'pending' order by sequence limit 1) is not null
        then now() + given.delay_ms * interval '1 millisecond' end
    from (select mine.ctid, released.delay_ms from ${released} cross join lateral (${mine}) as mine) as given
    where lanes.ctid = given.ctid`;
  await runInOrder(tx, [lock, give]);
}

/** Gives back what this node had claimed when it died. Call before it claims anything. */
export async function releaseLanesOf(queries: Queries, holder: string): Promise<void> {
  await queries.execute(
    sql`update lanes set lease_holder = null, leased_until = null where lease_holder = ${holder}`,
  );
}

export async function listDeadLetters(
  queries: Queries,
  page: { instanceId: string; after: string; limit: number },
): Promise<DeliveryRow[]> {
  return queries
    .select()
    .from(deliveries)
    .where(
      and(
        eq(deliveries.instanceId, page.instanceId),
        eq(deliveries.state, 'dead'),
        gt(deliveries.id, page.after),
      ),
    )
    .orderBy(asc(deliveries.id))
    .limit(page.limit);
}

/** Queues dead letters again with fresh attempts; all of the instance when no ids are given. Returns how many. */
export async function replayDeadLetters(
  tx: Queries,
  replay: { instanceId: string; ids?: readonly string[] },
): Promise<number> {
  const some = replay.ids === undefined ? sql`` : sql`and id = any(${sql.param([...replay.ids])}::uuid[])`;
  const rows = await tx.execute<{ sink_id: string; lane: string }>(sql`
    update deliveries set state = 'pending', attempts = 0, failure_kind = null, failure = null, changed_at = now()
    where instance_id = ${replay.instanceId} and state = 'dead' ${some}
    returning sink_id, lane`);
  const replayed = sql`(sink_id, lane) in (
    select * from unnest(${sql.param(rows.map((row) => row.sink_id))}::uuid[],
                         ${sql.param(rows.map((row) => row.lane))}::uuid[]))`;
  // In the order in which everybody locks lanes, so that two transactions never wait for each other.
  await tx.execute(sql`select 1 from lanes where ${replayed} order by sink_id, lane for update`);
  await tx.execute(sql`update lanes set due_at = coalesce(due_at, now()) where ${replayed}`);
  await tx.execute(sql`select pg_notify(${deliveriesChannel}, sink) from unnest(
    ${sql.param([...new Set(rows.map((row) => row.sink_id))])}::text[]) as sink`);
  return rows.length;
}

/** Deliveries of one record with what the sinks gave back. */
export async function readDeliveries(queries: Queries, recordIds: readonly string[]) {
  if (recordIds.length === 0) return [];
  return queries
    .select({ delivery: deliveries, evidence })
    .from(deliveries)
    .leftJoin(evidence, eq(evidence.deliveryId, deliveries.id))
    .where(inArray(deliveries.recordId, [...recordIds]))
    .orderBy(asc(deliveries.sequence));
}

export type DeliveryWithEvidence = Awaited<ReturnType<typeof readDeliveries>>[number];

/** Evidence of a sink, page by page, for inspection. */
export async function readEvidence(
  queries: Queries,
  page: { sinkId: string; after: number; limit: number },
): Promise<{ delivery: DeliveryRow; evidence: typeof evidence.$inferSelect }[]> {
  return queries
    .select({ delivery: deliveries, evidence })
    .from(deliveries)
    .innerJoin(evidence, eq(evidence.deliveryId, deliveries.id))
    .where(and(eq(deliveries.sinkId, page.sinkId), gt(deliveries.sequence, page.after)))
    .orderBy(asc(deliveries.sequence))
    .limit(page.limit);
}
