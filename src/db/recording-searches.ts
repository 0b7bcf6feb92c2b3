import { sql } from 'drizzle-orm';
import type { MediaFailureKind } from '../core/retry-policy.js';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { recordingSearches } from './schema/index.js';

export type RecordingSearchRow = typeof recordingSearches.$inferSelect;

/** Tells the finders that a search was put on the list. */
export const recordingsChannel = 'archway_recordings';

const ids = (given: readonly string[]) => sql`${sql.param([...given])}::uuid[]`;

/** Puts calls on the list, each once. */
export async function beginSearches(
  tx: Queries,
  rows: readonly (typeof recordingSearches.$inferInsert)[],
): Promise<void> {
  await insertRows(tx, recordingSearches, rows, sql`do nothing`);
}

/** These calls lack nothing any more: their search is over, and a gap that was opened is to be closed. */
export async function concludeSearches(
  tx: Queries,
  instanceId: string,
  callIds: readonly string[],
): Promise<void> {
  if (callIds.length === 0) return;
  await tx.execute(sql`
    delete from recording_searches
    where instance_id = ${instanceId} and call_id = any(${ids(callIds)}) and state = 'waiting'`);
  const arrived = await tx.execute(sql`
    update recording_searches set state = 'arrived', due_at = now(), lease_holder = null, leased_until = null
    where instance_id = ${instanceId} and call_id = any(${ids(callIds)}) and state = 'missing' returning call_id`);
  if (arrived.length > 0) await tx.execute(sql`select pg_notify(${recordingsChannel}, '')`);
}

export interface SearchClaim {
  readonly holder: string;
  /** Those whose connectors this node has; the others wait for a node that has them. */
  readonly accountIds: readonly string[];
  /** Ids of calls that the holder is at. */
  readonly active: readonly string[];
  readonly limit: number;
  readonly leaseMs: number;
}

/** Claims what has been due the longest; what a node had that died becomes claimable again when its lease ends. */
export async function claimSearches(queries: Queries, claim: SearchClaim): Promise<RecordingSearchRow[]> {
  const claimed = await queries.execute<{ call_id: string }>(sql`
    update recording_searches set
      lease_holder = ${claim.holder}, leased_until = now() + ${claim.leaseMs} * interval '1 millisecond'
    where (instance_id, call_id) in (
      select instance_id, call_id from recording_searches
      where state <> 'missing' and due_at <= now() and account_id = any(${ids(claim.accountIds)})
        and (leased_until is null or leased_until < now() or lease_holder = ${claim.holder})
        and call_id <> all(${ids(claim.active)})
      order by due_at limit ${claim.limit} for update skip locked)
    returning call_id`);
  if (claimed.length === 0) return [];
  const callIds = claimed.map((row) => row.call_id);
  return queries
    .select()
    .from(recordingSearches)
    .where(
      sql`${recordingSearches.callId} = any(${ids(callIds)}) and ${recordingSearches.leaseHolder} = ${claim.holder}`,
    );
}

/** Gives back what this node had claimed when it died, or one search untried. */
export async function releaseSearches(queries: Queries, holder: string, callId?: string): Promise<void> {
  await queries.execute(sql`
    update recording_searches set lease_holder = null, leased_until = null
    where lease_holder = ${holder} ${callId === undefined ? sql`` : sql`and call_id = ${callId}`}`);
}

export interface PostponedSearch {
  readonly instanceId: string;
  readonly callId: string;
  readonly holder: string;
  readonly failureKind: MediaFailureKind;
  readonly failure: string;
  readonly delayMs: number;
}

/** Notes a try in vain, and gives the search back for the next one; nothing where it is over by now. */
export async function postponeSearch(queries: Queries, postponed: PostponedSearch): Promise<void> {
  const { instanceId, callId, holder, failureKind, failure, delayMs } = postponed;
  await queries.execute(sql`
    update recording_searches set attempts = attempts + 1, lease_holder = null, leased_until = null,
      due_at = now() + ${delayMs} * interval '1 millisecond', failure_kind = ${failureKind}, failure = ${failure}
    where instance_id = ${instanceId} and call_id = ${callId} and state = 'waiting' and lease_holder = ${holder}`);
}

/**
 * Ends the search of its holder: `missing` keeps it, without anything to do. MUST be the first step of the transaction that
 * opens or closes the gap, which goes on only when this says true.
 */
export async function endSearch(
  tx: Queries,
  { instanceId, callId, state }: RecordingSearchRow,
  holder: string,
  end: 'missing' | 'over',
): Promise<boolean> {
  const mine = sql`instance_id = ${instanceId} and call_id = ${callId} and state = ${state}
    and lease_holder = ${holder} returning call_id`;
  const ended = await tx.execute(
    end === 'over'
      ? sql`delete from recording_searches where ${mine}`
      : sql`update recording_searches set state = 'missing', lease_holder = null, leased_until = null where ${mine}`,
  );
  return ended.length > 0;
}
