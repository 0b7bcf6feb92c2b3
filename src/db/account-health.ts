import { sql } from 'drizzle-orm';
import type { SessionState } from '../sdk/index.js';
import type { Queries } from './client.js';

/** What the database knows of how an account is doing. */
export interface AccountHealth {
  readonly id: string;
  readonly instanceId: string;
  /** What an operator has said; null: nothing. */
  readonly expectEveryMinutes: number | null;
  /** Of the last message, or when the account was added. */
  readonly lastAt: Date;
  /** Null for accounts whose connector keeps no session, or has not begun one yet. */
  readonly session: {
    readonly state: SessionState;
    /**
     * Since when it has not been open; null while it is. Of one that no node runs: since its last owner was lost; one that was
     * given back, as by a stop, is not lost.
     */
    readonly notOpenSince: Date | null;
  } | null;
}

export async function readAccountHealth(queries: Queries): Promise<AccountHealth[]> {
  const rows = await queries.execute<{
    id: string;
    instanceId: string;
    expectEveryMinutes: number | null;
    lastAt: number;
    state: SessionState | null;
    notOpenSince: number | null;
  }>(sql`
    select accounts.id, accounts.instance_id as "instanceId", expect_every_minutes as "expectEveryMinutes",
      extract(epoch from last.at)::float8 * 1000 as "lastAt", sessions.state,
      extract(epoch from case
        when sessions.not_open_since is not null then sessions.not_open_since
        when leases.expires_at < now() and leases.expires_at > to_timestamp(0) then leases.expires_at end)::float8 * 1000 as "notOpenSince"
    from accounts
      left join sessions on sessions.account_id = accounts.id
      left join leases on leases.name = 'session/' || accounts.id
      cross join lateral (
        select greatest(accounts.created_at, (
          select received_at from messages
          where messages.instance_id = accounts.instance_id and messages.account_id = accounts.id
          order by sequence desc limit 1)) as at) as last`);
  return rows.map(({ lastAt, state, notOpenSince, ...account }) => ({
    ...account,
    lastAt: new Date(lastAt),
    session:
      state === null ? null : { state, notOpenSince: notOpenSince === null ? null : new Date(notOpenSince) },
  }));
}

/** A silence of an account that has ended. */
export interface Silence {
  readonly instanceId: string;
  readonly accountId: string;
  /** When it ended. */
  readonly until: Date;
  readonly seconds: number;
}

/** How far back a habit goes. */
export const habitDays = 28;

/** Keeps the longest of each day, and forgets those that no habit is made of any more. */
export async function noteSilences(queries: Queries, silences: readonly Silence[]): Promise<void> {
  for (const { instanceId, accountId, until, seconds } of silences) {
    await queries.execute(sql`
      insert into silences (instance_id, account_id, day, longest_seconds)
      values (${instanceId}, ${accountId}, ${until.toISOString().slice(0, 10)}::date, ${Math.round(seconds)})
      on conflict (account_id, day) do update
        set longest_seconds = greatest(silences.longest_seconds, excluded.longest_seconds)`);
    await queries.execute(sql`
      delete from silences where account_id = ${accountId} and day < current_date - ${habitDays}::int`);
  }
}

/** By account, the longest silence in milliseconds; only of accounts that have been watched for a week. */
export async function readHabits(queries: Queries): Promise<Map<string, number>> {
  const rows = await queries.execute<{ id: string; seconds: number }>(sql`
    select account_id as id, max(longest_seconds) as seconds from silences
    where day >= current_date - ${habitDays}::int
    group by account_id having min(day) <= current_date - 7`);
  return new Map(rows.map(({ id, seconds }) => [id, seconds * 1_000]));
}
