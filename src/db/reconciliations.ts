import { and, desc, eq, gte, inArray, lt, lte, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import {
  doors,
  type ReconciliationCause,
  type ReconciliationState,
  reconciliations,
} from './schema/index.js';

export type ReconciliationRow = typeof reconciliations.$inferSelect;
export type { ReconciliationCause, ReconciliationState };

/** What comparing a list with the journal gave. */
export interface Counts {
  readonly observed: number;
  readonly recorded: number;
  readonly missing: number;
  readonly late: number;
}

/** Locks an instance's door for this transaction and returns until when it was known open; null when it never was. */
export async function lockDoor(tx: Queries, instanceId: string): Promise<Date | null> {
  const [row] = await tx
    .select({ openUntil: doors.openUntil })
    .from(doors)
    .where(eq(doors.instanceId, instanceId))
    .for('update');
  return row?.openUntil ?? null;
}

/** The door that this transaction has locked is open at this moment. */
export async function openLockedDoor(tx: Queries, instanceId: string, now: Date): Promise<void> {
  await tx.update(doors).set({ openUntil: now }).where(eq(doors.instanceId, instanceId));
}

/** The doors of all instances are open at this moment. */
export async function markDoorsOpen(queries: Queries, now: Date): Promise<void> {
  await queries.execute(sql`
    insert into doors (instance_id, open_until) select id, ${now.toISOString()}::timestamptz from instances
    on conflict (instance_id) do update set open_until = greatest(doors.open_until, excluded.open_until)`);
}

/** After a restore: as far as anybody knows, the doors were open until then and no longer. */
export async function closeDoors(tx: Queries, at: Date): Promise<void> {
  await tx.execute(sql`
    insert into doors (instance_id, open_until) select id, ${at.toISOString()}::timestamptz from instances
    on conflict (instance_id) do update set open_until = least(doors.open_until, excluded.open_until)`);
}

export interface NewReconciliation {
  readonly id: string;
  readonly instanceId: string;
  readonly accountId: string;
  readonly cause: ReconciliationCause;
  readonly since: Date;
  readonly until: Date;
  readonly state: ReconciliationState;
  readonly gap: boolean;
}

/** Returns false when another node has put this window on the list already. */
export async function insertReconciliation(tx: Queries, row: NewReconciliation): Promise<boolean> {
  const now = new Date();
  const ended = row.state === 'pending' ? null : now;
  const made = await tx
    .insert(reconciliations)
    .values({ ...row, listedUntil: row.since, dueAt: now, createdAt: now, endedAt: ended })
    .onConflictDoNothing({
      target: [reconciliations.accountId, reconciliations.cause, reconciliations.until],
      where: sql`cause <> 'operator'`,
    })
    .returning({ id: reconciliations.id });
  return made.length > 0;
}

/**
 * What is to be listed now: of each account one window, the oldest first and those of operators last; none while the
 * first one waits for its next attempt, since the provider is in trouble for all of them.
 */
export async function dueReconciliations(
  queries: Queries,
  accountIds: readonly string[],
): Promise<ReconciliationRow[]> {
  const rows = await queries
    .select()
    .from(reconciliations)
    .where(and(eq(reconciliations.state, 'pending'), inArray(reconciliations.accountId, [...accountIds])))
    .orderBy(sql`(${reconciliations.cause} = 'operator')`, reconciliations.id);
  const first = new Map<string, ReconciliationRow>();
  for (const row of rows) if (!first.has(row.accountId)) first.set(row.accountId, row);
  const now = Date.now();
  return [...first.values()]
    .filter(({ dueAt }) => dueAt.getTime() <= now)
    .sort((left, right) => left.dueAt.getTime() - right.dueAt.getTime());
}

export async function readReconciliation(queries: Queries, id: string): Promise<ReconciliationRow | null> {
  const [row] = await queries.select().from(reconciliations).where(eq(reconciliations.id, id));
  return row ?? null;
}

/** The newest first. */
export async function listReconciliations(
  queries: Queries,
  page: { instanceId: string; before: string | null; limit: number },
): Promise<ReconciliationRow[]> {
  return queries
    .select()
    .from(reconciliations)
    .where(
      and(
        eq(reconciliations.instanceId, page.instanceId),
        page.before === null ? undefined : lt(reconciliations.id, page.before),
      ),
    )
    .orderBy(desc(reconciliations.id))
    .limit(page.limit);
}

/** Until when the nightly windows of an account reach; null when there was none. */
export async function lastNightlyUntil(queries: Queries, accountId: string): Promise<Date | null> {
  const [row] = await queries
    .select({ until: sql<string | null>`max(${reconciliations.until})` })
    .from(reconciliations)
    .where(and(eq(reconciliations.accountId, accountId), eq(reconciliations.cause, 'nightly')));
  return row?.until ? new Date(row.until) : null;
}

/** The beginning of the work, if it has not begun: what is captured from now on was found by it. */
export async function startReconciliation(
  queries: Queries,
  id: string,
  now: Date,
): Promise<ReconciliationRow> {
  const [row] = await queries
    .update(reconciliations)
    .set({ startedAt: sql`coalesce(${reconciliations.startedAt}, ${now.toISOString()}::timestamptz)` })
    .where(eq(reconciliations.id, id))
    .returning();
  return row as ReconciliationRow;
}

/** The settings of the account have changed: what waits for the next attempt is due. */
export async function hurryReconciliations(tx: Queries, accountId: string): Promise<void> {
  await tx
    .update(reconciliations)
    .set({ dueAt: sql`least(${reconciliations.dueAt}, now() + interval '1 second')` })
    .where(and(eq(reconciliations.accountId, accountId), eq(reconciliations.state, 'pending')));
}

/** A slice was listed to its end. Returns false when another node came first. */
export async function advanceReconciliation(
  tx: Queries,
  row: ReconciliationRow,
  slice: { until: Date; counts: Counts; done: boolean },
): Promise<boolean> {
  const { observed, recorded, missing, late } = slice.counts;
  const now = new Date();
  const changed = await tx
    .update(reconciliations)
    .set({
      listedUntil: slice.until,
      observed: row.observed + observed,
      recorded: row.recorded + recorded,
      missing: row.missing + missing,
      late: row.late + late,
      attempts: 0,
      failureKind: null,
      failure: null,
      dueAt: now,
      ...(slice.done && { state: 'done' as const, endedAt: now, gap: false }),
    })
    .where(
      and(
        eq(reconciliations.id, row.id),
        eq(reconciliations.state, 'pending'),
        eq(reconciliations.listedUntil, row.listedUntil),
      ),
    )
    .returning({ id: reconciliations.id });
  return changed.length > 0;
}

/** Takes over the open gaps of windows that the provider had refused to list and that lie within one that it did list. */
export async function takeOpenGapsWithin(
  tx: Queries,
  listed: ReconciliationRow,
): Promise<ReconciliationRow[]> {
  return tx
    .update(reconciliations)
    .set({ gap: false })
    .where(
      and(
        eq(reconciliations.accountId, listed.accountId),
        eq(reconciliations.state, 'failed'),
        eq(reconciliations.gap, true),
        gte(reconciliations.since, listed.since),
        lte(reconciliations.until, listed.until),
      ),
    )
    .returning();
}

/** @param attempt.retryAt null when it is given up. */
export async function storeFailedListing(
  queries: Queries,
  attempt: { id: string; failureKind: FailureKind; failure: string; retryAt: Date | null },
): Promise<void> {
  const { id, failureKind, failure, retryAt } = attempt;
  await queries
    .update(reconciliations)
    .set({
      attempts: sql`${reconciliations.attempts} + 1`,
      failureKind,
      failure,
      ...(retryAt === null ? { state: 'failed' as const, endedAt: new Date() } : { dueAt: retryAt }),
    })
    .where(and(eq(reconciliations.id, id), eq(reconciliations.state, 'pending')));
}
