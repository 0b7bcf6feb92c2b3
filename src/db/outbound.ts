import { and, asc, eq, getTableColumns, gt, isNotNull, sql } from 'drizzle-orm';
import type { FailureKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import type { Lease } from './leases.js';
import {
  accountSending,
  captures,
  type OutboundState,
  outboundMessages,
  unexplained,
} from './schema/index.js';

export type OutboundRow = typeof outboundMessages.$inferSelect;
export type NewOutbound = Omit<typeof outboundMessages.$inferInsert, 'position' | 'attempts'>;
export type { OutboundState };

/** Tells the senders that there is something to send; the payload is the account. */
export const outboundChannel = 'archway_outbound';

/** False when the account has a request under this idempotency key already. Waits for one that is being made. */
export async function insertOutbound(tx: Queries, row: NewOutbound): Promise<boolean> {
  const made = await tx
    .insert(outboundMessages)
    .values(row)
    .onConflictDoNothing({ target: [outboundMessages.accountId, outboundMessages.idempotencyId] })
    .returning({ id: outboundMessages.id });
  if (made.length === 0) return false;
  await tx.execute(sql`select pg_notify(${outboundChannel}, ${row.accountId})`);
  return true;
}

export async function findByIdempotency(
  queries: Queries,
  accountId: string,
  idempotencyId: string,
): Promise<OutboundRow | undefined> {
  const rows = await queries
    .select()
    .from(outboundMessages)
    .where(and(eq(outboundMessages.accountId, accountId), eq(outboundMessages.idempotencyId, idempotencyId)));
  return rows[0];
}

export async function readOutbound(
  queries: Queries,
  instanceId: string,
  id: string,
): Promise<OutboundRow | undefined> {
  const rows = await queries
    .select()
    .from(outboundMessages)
    .where(and(eq(outboundMessages.instanceId, instanceId), eq(outboundMessages.id, id)));
  return rows[0];
}

export async function listOutbound(
  queries: Queries,
  filter: {
    readonly instanceId: string;
    readonly after: number;
    readonly limit: number;
    readonly state?: OutboundState | undefined;
  },
): Promise<OutboundRow[]> {
  return queries
    .select()
    .from(outboundMessages)
    .where(
      and(
        eq(outboundMessages.instanceId, filter.instanceId),
        gt(outboundMessages.position, filter.after),
        filter.state === undefined ? undefined : eq(outboundMessages.state, filter.state),
      ),
    )
    .orderBy(asc(outboundMessages.position))
    .limit(filter.limit);
}

export interface OutboundCounts {
  readonly waiting: number;
  readonly indeterminate: number;
}

export async function countOutbound(queries: Queries, instanceId: string): Promise<OutboundCounts> {
  // Both by their partial indexes, of the accounts of the instance: the table itself grows without end.
  const [row] = await queries.execute<{ waiting: number; indeterminate: number }>(sql`
    select
      (select count(*)::int from outbound_messages join accounts on accounts.id = account_id
       where accounts.instance_id = ${instanceId} and state in ('requested', 'sending')) as waiting,
      (select count(*)::int from outbound_messages join accounts on accounts.id = account_id
       where accounts.instance_id = ${instanceId} and state = 'indeterminate') as indeterminate`);
  return { waiting: row?.waiting ?? 0, indeterminate: row?.indeterminate ?? 0 };
}

/** Accounts that have something to send, or of which a send was cut off. */
export async function accountsWithWork(queries: Queries): Promise<string[]> {
  const rows = await queries.execute<{ account_id: string }>(
    sql`select distinct account_id from outbound_messages where state in ('requested', 'sending')`,
  );
  return rows.map((row) => row.account_id);
}

/** Messages whose sending nobody saw the end of. Only the holder of the account's lease, who sends nothing now, may ask. */
export async function cutOffSends(queries: Queries, accountId: string): Promise<OutboundRow[]> {
  return queries
    .select()
    .from(outboundMessages)
    .where(and(eq(outboundMessages.accountId, accountId), eq(outboundMessages.state, 'sending')))
    .orderBy(asc(outboundMessages.position));
}

/** Messages whose "requested" could not become a record: its capture lies in quarantine. */
export async function unrecordedRequests(queries: Queries): Promise<OutboundRow[]> {
  return queries
    .select(getTableColumns(outboundMessages))
    .from(outboundMessages)
    .innerJoin(captures, eq(captures.id, outboundMessages.captureId))
    .where(and(eq(outboundMessages.state, 'requested'), eq(captures.state, 'quarantined')))
    .orderBy(asc(outboundMessages.position));
}

/** What there is to do for an account now: a message, or how long to wait. */
export type Claimed =
  | { readonly kind: 'message'; readonly row: OutboundRow }
  | { readonly kind: 'wait'; readonly waitMs: number }
  | { readonly kind: 'nothing' };

/**
 * Claims the oldest message of an account whose "requested" stands in the journal, and the account's next moment to send
 * with it. MUST run in a transaction that is committed before anything leaves. The row of the account is locked, so that
 * the rate holds across processes and restarts.
 */
export async function claimOutbound(
  tx: Queries,
  claim: {
    readonly accountId: string;
    readonly instanceId: string;
    readonly lease: Lease;
    readonly intervalMs: number;
  },
): Promise<Claimed> {
  const { accountId, lease } = claim;
  await tx.execute(sql`
    insert into account_sending (account_id, instance_id, next_at)
    values (${accountId}, ${claim.instanceId}, now()) on conflict do nothing`);
  const [turn] = await tx.execute<{ wait_ms: number }>(sql`
    select greatest(0, ceil(extract(epoch from (greatest(next_at, coalesce(paused_until, next_at)) - now())) * 1000))::int
      as wait_ms
    from account_sending
    where account_id = ${accountId} and exists (
      select from leases
      where name = ${lease.name} and holder = ${lease.holder} and fence = ${lease.fence} and expires_at > now())
    for update`);
  if (turn === undefined) return { kind: 'nothing' };
  if (turn.wait_ms > 0) return { kind: 'wait', waitMs: turn.wait_ms };
  const [next] = await tx.execute<{ id: string; state: string }>(sql`
    select outbound_messages.id from outbound_messages join captures on captures.id = outbound_messages.capture_id
    where outbound_messages.account_id = ${accountId} and outbound_messages.state = 'requested'
      and captures.state = 'done'
    order by outbound_messages.position limit 1`);
  if (next === undefined) return { kind: 'nothing' };
  await tx.execute(sql`
    update account_sending set next_at = now() + ${claim.intervalMs} * interval '1 millisecond'
    where account_id = ${accountId}`);
  const [row] = await tx
    .update(outboundMessages)
    .set({ state: 'sending', attempts: sql`${outboundMessages.attempts} + 1`, changedAt: new Date() })
    .where(eq(outboundMessages.id, next.id))
    .returning();
  return row === undefined ? { kind: 'nothing' } : { kind: 'message', row };
}

export interface Settled {
  readonly id: string;
  /** Of the attempt that it is about: a late answer to an earlier one must not undo a later one. */
  readonly attempts: number;
  readonly state: OutboundState;
  readonly reason?: string | undefined;
  readonly explanation?: string | undefined;
  /** What is to be kept in place of the request: the request, with what the provider said. */
  readonly sealed?: Uint8Array | undefined;
}

/** False when the message is not in `from` any more, and nothing was changed. */
export async function settleOutbound(
  tx: Queries,
  settled: Settled,
  from: readonly OutboundState[] = ['sending'],
): Promise<boolean> {
  const { id, attempts, state, reason, explanation, sealed } = settled;
  const rows = await tx
    .update(outboundMessages)
    .set({
      state,
      reason: reason ?? null,
      explanation: explanation ?? null,
      changedAt: new Date(),
      ...(sealed && { sealed }),
    })
    .where(
      and(
        eq(outboundMessages.id, id),
        eq(outboundMessages.attempts, attempts),
        sql`${outboundMessages.state} = any(${sql.param([...from])}::text[])`,
      ),
    )
    .returning({ id: outboundMessages.id });
  return rows.length > 0;
}

/**
 * Messages of which the provider has spoken, by their ids: they did arrive there, whatever came of the call. MUST come before
 * their aliases are written in the same transaction. The rows are locked also while a call is under way, so that whoever
 * settles it finds the aliases.
 */
export async function settleReported(
  tx: Queries,
  reported: readonly { readonly id: string; readonly accountId: string }[],
): Promise<void> {
  if (reported.length === 0) return;
  const rows = await tx.execute<{ id: string; state: OutboundState; attempts: number }>(sql`
    select outbound_messages.id, state, attempts from outbound_messages
    join unnest(${sql.param(reported.map(({ id }) => id))}::uuid[],
                ${sql.param(reported.map(({ accountId }) => accountId))}::uuid[]) as given (id, account_id)
      on given.id = outbound_messages.id and given.account_id = outbound_messages.account_id
    order by outbound_messages.id for update of outbound_messages`);
  for (const { id, state, attempts } of rows) {
    if (state === 'indeterminate')
      await settleOutbound(tx, reportedSend({ id, attempts }), ['indeterminate']);
  }
}

/** How a message without an answer ends when the provider turns out to know it. */
export function reportedSend({ id, attempts }: Pick<OutboundRow, 'id' | 'attempts'>): Settled {
  const explanation = 'There was no answer, but the provider reported on it: it had arrived there.';
  return { id, attempts, state: 'accepted', reason: 'reported', explanation };
}

/** Messages whose provider's id may not be known: on their way, without an answer, or settled by a person. */
export async function unexplainedSends(queries: Queries, accountId: string): Promise<OutboundRow[]> {
  return queries
    .select()
    .from(outboundMessages)
    .where(and(eq(outboundMessages.accountId, accountId), unexplained))
    .orderBy(asc(outboundMessages.position));
}

/** The reason of messages that waited to be sent when the backup was made from which they came back. */
export const restoredReason = 'restored';

/** After a restore: what waited to be sent may have left since, so it counts as cut off while it was on its way. */
export async function leaveUnsent(tx: Queries): Promise<void> {
  await tx
    .update(outboundMessages)
    .set({ state: 'sending', reason: restoredReason, changedAt: new Date() })
    .where(eq(outboundMessages.state, 'requested'));
}

export interface SendingTrouble {
  readonly kind: FailureKind;
  readonly message: string;
  readonly pausedUntil: Date;
}

/** By account, why it sends nothing at the moment; those that send are not in it. */
export async function readPausedSending(
  queries: Queries,
  instanceId: string,
): Promise<ReadonlyMap<string, SendingTrouble>> {
  const rows = await queries
    .select()
    .from(accountSending)
    .where(and(eq(accountSending.instanceId, instanceId), isNotNull(accountSending.pausedUntil)));
  return new Map(
    rows.flatMap(({ accountId, failureKind, failure, pausedUntil }) =>
      failureKind === null || failure === null || pausedUntil === null
        ? []
        : [[accountId, { kind: failureKind, message: failure, pausedUntil }] as const],
    ),
  );
}

/** Why an account sends nothing at the moment, and how often in a row it was paused. */
export async function readSending(
  queries: Queries,
  accountId: string,
): Promise<{ pauses: number; trouble: SendingTrouble | undefined }> {
  const [row] = await queries.execute<Record<string, unknown>>(
    sql`select pauses, paused_until, failure_kind, failure from account_sending where account_id = ${accountId}`,
  );
  if (row === undefined || row.paused_until === null)
    return { pauses: Number(row?.pauses ?? 0), trouble: undefined };
  return {
    pauses: row.pauses as number,
    trouble: {
      kind: row.failure_kind as FailureKind,
      message: row.failure as string,
      pausedUntil: new Date(row.paused_until as string),
    },
  };
}

export async function pauseSending(
  tx: Queries,
  accountId: string,
  pause: { readonly delayMs: number; readonly kind: FailureKind; readonly message: string },
): Promise<void> {
  await tx.execute(sql`
    update account_sending set paused_until = now() + ${pause.delayMs} * interval '1 millisecond', pauses = pauses + 1,
      failure_kind = ${pause.kind}, failure = ${pause.message}
    where account_id = ${accountId}`);
}

/** The provider answered, or somebody changed the settings: the next message may go. False when nothing was in its way. */
export async function resumeSending(tx: Queries, accountId: string): Promise<boolean> {
  const resumed = await tx.execute(sql`
    update account_sending set paused_until = null, pauses = 0, failure_kind = null, failure = null
    where account_id = ${accountId} and (paused_until is not null or pauses > 0)
    returning account_id`);
  if (resumed.length === 0) return false;
  await tx.execute(sql`select pg_notify(${outboundChannel}, ${accountId})`);
  return true;
}
