import { and, asc, eq, gt, type SQL, sql } from 'drizzle-orm';
import type { Database, Queries } from './client.js';
import { insertStatements } from './insert-rows.js';
import { packBytes } from './pack-bytes.js';
import { runInOrder } from './run-in-order.js';
import { captures } from './schema/index.js';

/** A capture as it is stored: everything personal is in `sealed`. */
export interface CaptureRow {
  readonly id: string;
  readonly instanceId: string;
  /** Null for what the gateway says of itself as a whole. */
  readonly accountId: string | null;
  readonly endpoint: string;
  readonly provenance: string;
  /** ISO 8601, UTC, milliseconds. */
  readonly receivedAt: string;
  readonly sealed: Uint8Array;
}

export interface ClaimedCapture extends CaptureRow {
  /** Claims so far, this one included. */
  readonly attempts: number;
  /** Why it was in quarantine before it was replayed; null for one that never was. */
  readonly replayOf: string | null;
}

export const capturesChannel = 'archway_captures';

/**
 * The group commit: one statement, one transaction, one sync for everything that arrived together. Column-wise arrays,
 * so that the statement is prepared once whatever the number of rows; what many rows share travels once. A row that is there
 * already (a spool drained twice) is left alone. Times travel as text, since the driver has no arrays of them.
 *
 * When this resolves, the rows are durable. Groups may be sent without waiting for each other: they get their positions in
 * the order of the calls.
 */
export async function insertCaptures(database: Database, rows: readonly CaptureRow[]): Promise<void> {
  const sealed = packBytes(rows.map((row) => row.sealed));
  const { origins, numbers } = numberOrigins(rows);
  const instances = [...new Set(origins.map(({ instanceId }) => instanceId))];
  await database.inOrder`
    with packed as materialized (select decode(${sealed.base64}::text, 'base64') as bytes),
    inserted as (
      insert into captures (id, instance_id, account_id, endpoint, provenance, received_at, sealed, state)
      select id,
        (${origins.map(({ instanceId }) => instanceId)}::uuid[])[origin],
        (${origins.map(({ accountId }) => accountId)}::uuid[])[origin],
        (${origins.map(({ endpoint }) => endpoint)}::text[])[origin],
        (${origins.map(({ provenance }) => provenance)}::text[])[origin],
        received_at::timestamptz, substring(bytes from first for length), 'pending'
      from packed, unnest(
        ${rows.map(({ id }) => id)}::uuid[], ${numbers}::int[], ${rows.map(({ receivedAt }) => receivedAt)}::text[],
        ${sealed.firsts}::int[], ${sealed.lengths}::int[]
      ) as arrived (id, origin, received_at, first, length)
      on conflict (id) do nothing
    )
    select pg_notify(${capturesChannel}, instance) from unnest(${instances}::text[]) as instance`;
}

type Origin = Pick<CaptureRow, 'instanceId' | 'accountId' | 'endpoint' | 'provenance'>;

/** Where the rows come from, each origin once, and for each row the number of its own, counted from 1 as SQL counts. */
function numberOrigins(rows: readonly CaptureRow[]): { origins: Origin[]; numbers: number[] } {
  const origins: Origin[] = [];
  const known = new Map<string, number>();
  const numbers = rows.map((row) => {
    // The endpoint last: of the four it alone may hold a space.
    const key = `${row.instanceId} ${row.accountId} ${row.provenance} ${row.endpoint}`;
    const number = known.get(key) ?? origins.push(row);
    known.set(key, number);
    return number;
  });
  return { origins, numbers };
}

/** Puts captures into the inbox as part of a transaction: they are there when, and only when, that one commits. */
export async function addCaptures(tx: Queries, rows: readonly CaptureRow[]): Promise<void> {
  await runInOrder(tx, captureStatements(rows));
}

/** What `addCaptures` runs. */
export function captureStatements(rows: readonly CaptureRow[]): SQL[] {
  const values = rows.map((row) => ({
    ...row,
    receivedAt: new Date(row.receivedAt),
    state: 'pending' as const,
  }));
  const instances = [...new Set(rows.map(({ instanceId }) => instanceId))];
  return [
    ...insertStatements(captures, values),
    ...instances.map((id) => sql`select pg_notify(${capturesChannel}, ${id})`),
  ];
}

/**
 * Claims the oldest captures of an instance, in the order of acceptance. The claim is committed before any is read, so
 * that a capture which kills the process is counted and ends in quarantine instead of killing it for ever. Only the
 * writer of the instance's journal calls this: its lease is theirs too, and they need no other.
 *
 * It waits for locked rows and does not pass over them: a node whose lease has just ended may still be claiming, and
 * what lies behind its captures must not be recorded before them.
 *
 * While the oldest was tried before and did not settle it is claimed alone: it may be what ended the process, and its
 * neighbours must not be counted with it.
 *
 * @param claim.accountIds those that can be read now, all when it is left out; what belongs to others (their connector was
 * uninstalled) stays pending and holds up nobody.
 */
export async function claimCaptures(
  queries: Queries,
  claim: { instanceId: string; accountIds?: readonly string[]; limit: number },
): Promise<ClaimedCapture[]> {
  const { accountIds } = claim;
  const some =
    accountIds === undefined
      ? sql``
      : sql`and (account_id is null or account_id = any(${sql.param([...accountIds])}::uuid[]))`;
  const waiting = sql`from captures where instance_id = ${claim.instanceId} and state = 'pending' ${some} order by position`;
  const rows = await queries.execute<Record<string, unknown>>(sql`
    update captures set attempts = attempts + 1
    where id in (
      select id ${waiting}
      limit case when (select attempts ${waiting} limit 1) > 0 then 1 else ${claim.limit} end
      for update)
    returning id, position, account_id, endpoint, provenance, received_at, sealed, attempts, reason`);
  return rows
    .map((row) => ({ position: Number(row.position), capture: claimedCapture(claim.instanceId, row) }))
    .sort((left, right) => left.position - right.position)
    .map(({ capture }) => capture);
}

function claimedCapture(instanceId: string, row: Record<string, unknown>): ClaimedCapture {
  return {
    id: row.id as string,
    instanceId,
    accountId: row.account_id as string | null,
    endpoint: row.endpoint as string,
    provenance: row.provenance as string,
    receivedAt: new Date(row.received_at as string).toISOString(),
    sealed: row.sealed as Uint8Array,
    attempts: row.attempts as number,
    replayOf: row.reason as string | null,
  };
}

/** Ends captures that became records, or carried none. */
export async function markCapturesDone(
  queries: Queries,
  settled: readonly { id: string; parsedBy: string; reason: string | null }[],
): Promise<void> {
  if (settled.length === 0) return;
  await queries.execute(sql`
    update captures set state = 'done', sealed_detail = null,
      parsed_by = settled.parsed_by, reason = settled.reason
    from unnest(${sql.param(settled.map(({ id }) => id))}::uuid[],
                ${sql.param(settled.map(({ parsedBy }) => parsedBy))}::text[],
                ${sql.param(settled.map(({ reason }) => reason))}::text[]) as settled (id, parsed_by, reason)
    where captures.id = settled.id`);
}

/** How many of these captures have been read, or put aside. */
export async function countSettled(queries: Queries, ids: readonly string[]): Promise<number> {
  const rows = await queries.execute<{ settled: string }>(sql`
    select count(*) as settled from captures
    where id = any(${sql.param([...ids])}::uuid[]) and state <> 'pending'`);
  return Number(rows[0]?.settled ?? 0);
}

export async function quarantineCapture(
  queries: Queries,
  capture: { id: string; reason: string; sealedDetail: Uint8Array; parsedBy: string },
): Promise<void> {
  await queries
    .update(captures)
    .set({
      state: 'quarantined',
      reason: capture.reason,
      sealedDetail: capture.sealedDetail,
      parsedBy: capture.parsedBy,
    })
    .where(eq(captures.id, capture.id));
}

/** These captures were read, or were not tried at all, and the process lives: none of them is what ends it. */
export async function clearSuspicion(queries: Queries, ids: readonly string[]): Promise<void> {
  await queries.execute(sql`
    update captures set attempts = 0
    where id = any(${sql.param([...ids])}::uuid[]) and state = 'pending'`);
}

export type QuarantinedRow = Awaited<ReturnType<typeof listQuarantined>>[number];

export async function listQuarantined(
  queries: Queries,
  page: { instanceId: string; after: number; limit: number },
) {
  return queries
    .select({
      id: captures.id,
      position: captures.position,
      accountId: captures.accountId,
      endpoint: captures.endpoint,
      receivedAt: captures.receivedAt,
      attempts: captures.attempts,
      reason: captures.reason,
      sealedDetail: captures.sealedDetail,
    })
    .from(captures)
    .where(
      and(
        eq(captures.instanceId, page.instanceId),
        eq(captures.state, 'quarantined'),
        gt(captures.position, page.after),
      ),
    )
    .orderBy(asc(captures.position))
    .limit(page.limit);
}

/** Puts quarantined captures back into the inbox; all of the instance when no ids are given. Returns how many. */
export async function replayQuarantined(
  queries: Queries,
  replay: { instanceId: string; ids?: readonly string[] },
): Promise<number> {
  const some = replay.ids === undefined ? sql`` : sql`and id = any(${sql.param([...replay.ids])}::uuid[])`;
  const rows = await queries.execute(sql`
    update captures set state = 'pending', attempts = 0
    where instance_id = ${replay.instanceId} and state = 'quarantined' ${some}
    returning pg_notify(${capturesChannel}, instance_id::text)`);
  return rows.length;
}

export async function readCapture(queries: Queries, id: string): Promise<ClaimedCapture | null> {
  const rows = await queries.execute<Record<string, unknown>>(
    sql`select instance_id, id, account_id, endpoint, provenance, received_at, sealed, attempts, reason
        from captures where id = ${id}`,
  );
  const [row] = rows;
  return row === undefined ? null : claimedCapture(row.instance_id as string, row);
}
