import { asc, eq, sql } from 'drizzle-orm';
import type { MediaFailureKind } from '../core/retry-policy.js';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { mediaJobs } from './schema/index.js';

export type NewMediaJob = typeof mediaJobs.$inferInsert;
export type MediaJobRow = typeof mediaJobs.$inferSelect;

export const mediaChannel = 'archway_media';

/** Queues the fetching of attachments. Part of the transaction that makes their records. */
export async function enqueueMediaJobs(tx: Queries, rows: readonly NewMediaJob[]): Promise<void> {
  if (rows.length === 0) return;
  await insertRows(tx, mediaJobs, rows);
  await tx.execute(sql`select pg_notify(${mediaChannel}, '')`);
}

/** What a node takes upon itself. */
export interface MediaClaim {
  readonly holder: string;
  /** Those whose connectors this node has; the others wait for a node that has them. */
  readonly accountIds: readonly string[];
  /** Ids of the attachments that the holder is fetching. */
  readonly active: readonly string[];
  readonly limit: number;
  readonly leaseMs: number;
}

/**
 * Claims the jobs that have been due the longest. One whose node died becomes claimable again when its lease ends; one that
 * the holder itself claimed, and could then not settle, at once.
 */
export async function claimMediaJobs(queries: Queries, claim: MediaClaim): Promise<MediaJobRow[]> {
  const claimed = await queries.execute<{ attachment_id: string }>(sql`
    update media_jobs set
      lease_holder = ${claim.holder},
      leased_until = now() + ${claim.leaseMs} * interval '1 millisecond'
    where attachment_id in (
      select attachment_id from media_jobs
      where due_at <= now() and account_id = any(${sql.param([...claim.accountIds])}::uuid[])
        and (leased_until is null or leased_until < now() or lease_holder = ${claim.holder})
        and attachment_id <> all(${sql.param([...claim.active])}::uuid[])
      order by due_at limit ${claim.limit}
      for update skip locked)
    returning attachment_id`);
  if (claimed.length === 0) return [];
  const ids = claimed.map((row) => row.attachment_id);
  return queries
    .select()
    .from(mediaJobs)
    .where(sql`${mediaJobs.attachmentId} = any(${sql.param(ids)}::uuid[])`)
    .orderBy(asc(mediaJobs.dueAt));
}

/** Gives back what this node had claimed when it died. Call before it claims anything. */
export async function releaseMediaJobsOf(queries: Queries, holder: string): Promise<void> {
  await queries.execute(
    sql`update media_jobs set lease_holder = null, leased_until = null where lease_holder = ${holder}`,
  );
}

/** Gives one job back untried, due at once. */
export async function releaseMediaJob(queries: Queries, attachmentId: string, holder: string): Promise<void> {
  await queries.execute(sql`
    update media_jobs set lease_holder = null, leased_until = null
    where attachment_id = ${attachmentId} and lease_holder = ${holder}`);
}

/**
 * Ends a job. MUST be the first step of the transaction that stores its result, which goes on only when this says true:
 * another node may have taken the job over, and ended it.
 */
export async function endMediaJob(tx: Queries, attachmentId: string, holder: string): Promise<boolean> {
  const ended = await tx.execute(sql`
    delete from media_jobs where attachment_id = ${attachmentId} and lease_holder = ${holder}
    returning attachment_id`);
  return ended.length > 0;
}

export interface FailedMediaTry {
  readonly attachmentId: string;
  readonly holder: string;
  readonly failureKind: MediaFailureKind;
  readonly failure: string;
  readonly delayMs: number;
}

/** Notes a failed try, and gives the job back for the next one. */
export async function retryMediaJob(queries: Queries, failed: FailedMediaTry): Promise<void> {
  await queries.execute(sql`
    update media_jobs set attempts = attempts + 1, ${postponed(failed)}
    where attachment_id = ${failed.attachmentId} and lease_holder = ${failed.holder}`);
}

/** Holds all jobs of an account that nobody is at, without using up a try of any; then they are due again. */
export async function pauseMediaJobs(queries: Queries, failed: FailedMediaTry): Promise<void> {
  await queries.execute(sql`
    update media_jobs set ${postponed(failed)}
    where due_at < now() + ${failed.delayMs} * interval '1 millisecond'
      and account_id = (select account_id from media_jobs where attachment_id = ${failed.attachmentId})
      and (lease_holder is null or attachment_id = ${failed.attachmentId} and lease_holder = ${failed.holder})`);
}

/**
 * Settings have changed: what waits because of them is due. In a second, so that every node has taken them over; no node is
 * told, since one that was quicker would try the old ones and wait again.
 */
export async function wakeMediaJobs(tx: Queries, accountId: string): Promise<void> {
  await tx.execute(sql`
    update media_jobs set due_at = now() + interval '1 second'
    where account_id = ${accountId} and lease_holder is null and failure_kind in ('auth', 'config')`);
}

function postponed({ delayMs, failureKind, failure }: FailedMediaTry) {
  return sql`due_at = now() + ${delayMs} * interval '1 millisecond', lease_holder = null, leased_until = null,
    failure_kind = ${failureKind}, failure = ${failure}`;
}

export async function readMediaJob(queries: Queries, attachmentId: string): Promise<MediaJobRow | undefined> {
  const rows = await queries.select().from(mediaJobs).where(eq(mediaJobs.attachmentId, attachmentId));
  return rows[0];
}
