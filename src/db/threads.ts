import { sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { threadParties } from './schema/index.js';

export type NewThreadParty = typeof threadParties.$inferInsert;

export interface NewThread {
  readonly id: string;
  readonly instanceId: string;
  readonly accountId: string | null;
  readonly channels: readonly string[];
}

/**
 * When a record's event happened: what the provider claims, but never later than the bytes came. It decides whose an
 * address was. MUST be the same as `eventTime` of the domain.
 */
export const eventTimeOf = (table: string) =>
  sql.raw(
    `least(${table}.received_at, (convert_from(${table}.skeleton, 'UTF8')::json #>> '{times,claimed,at}')::timestamptz)`,
  );

/** Adds threads, or channels to those that are known. No two of the given ones may have the same id. */
export async function upsertThreads(tx: Queries, given: readonly NewThread[]): Promise<void> {
  if (given.length === 0) return;
  const column = (value: (thread: NewThread) => string | null) => sql`${sql.param(given.map(value))}::text[]`;
  await tx.execute(sql`
    insert into threads (id, instance_id, account_id, channels)
    select id::uuid, instance::uuid, account::uuid, string_to_array(channels, ' ')
    from unnest(${column(({ id }) => id)}, ${column(({ instanceId }) => instanceId)},
      ${column(({ accountId }) => accountId)}, ${column(({ channels }) => channels.join(' '))})
      as given (id, instance, account, channels)
    on conflict (id) do update
      set channels = array(select distinct unnest(threads.channels || excluded.channels) order by 1)
      where not threads.channels @> excluded.channels`);
}

/** Notes of threads which ones they continue. The first word stays. */
export async function continueThreads(
  tx: Queries,
  given: readonly { readonly id: string; readonly formerId: string }[],
): Promise<void> {
  for (const { id, formerId } of given) {
    await tx.execute(sql`update threads set former_id = ${formerId} where id = ${id} and former_id is null`);
  }
}

/** Of these threads those that continue another one, and which. */
export async function readFormerThreads(
  tx: Queries,
  threadIds: readonly string[],
): Promise<Map<string, string>> {
  const rows = await tx.execute<{ id: string; former: string }>(sql`
    select id, former_id as former from threads
    where id = any(${sql.param([...threadIds])}::uuid[]) and former_id is not null`);
  return new Map(rows.map(({ id, former }) => [id, former]));
}

/** Adds the parties of threads; those that are known stay as they are. */
export async function insertParties(tx: Queries, rows: readonly NewThreadParty[]): Promise<void> {
  await insertRows(tx, threadParties, rows, sql`do nothing`);
}

export interface KnownThread {
  readonly channels: ReadonlySet<string>;
  /** Keyed ids of the addresses that occur in it. */
  readonly parties: ReadonlySet<string>;
}

/** What is known of these threads. MUST be asked while the journal is held, if anything is to follow from it. */
export async function readKnownThreads(
  tx: Queries,
  threadIds: readonly string[],
): Promise<Map<string, KnownThread>> {
  const rows = await tx.execute<{ id: string; channels: string; parties: string }>(sql`
    select threads.id, array_to_string(threads.channels, ' ') as channels,
      array_to_string(array(
        select address_id from thread_parties where thread_parties.thread_id = threads.id), ' ') as parties
    from threads where id = any(${sql.param([...threadIds])}::uuid[])`);
  return new Map(
    rows.map(({ id, channels, parties }) => [
      id,
      { channels: new Set(channels.split(' ')), parties: new Set(parties.split(' ')) },
    ]),
  );
}

/** What one record adds to the span that its time lies in. */
export interface Occurrence {
  readonly threadId: string;
  readonly at: Date;
  readonly sequence: number;
  readonly kind: string;
}

/** A call that has appeared in a thread, or gone from it. */
export interface CallCount {
  readonly threadId: string;
  readonly at: Date;
  readonly change: 1 | -1;
}

/** A call is told by many records and is one thing that was done: it is counted by these, and not by its records. */
export async function countCalls(tx: Queries, counts: readonly CallCount[]): Promise<void> {
  if (counts.length === 0) return;
  await tx.execute(sql`
    update thread_spans as span set records = span.records + added.change, calls = span.calls + added.change
    from (
      select thread_spans.thread_id, position, sum(given.change::int) as change
      from unnest(${texts(counts, ({ threadId }) => threadId)}, ${texts(counts, ({ at }) => at.toISOString())},
        ${texts(counts, ({ change }) => String(change))}) as given (thread, at, change)
      join thread_spans on thread_spans.thread_id = given.thread::uuid
        and (since is null or since <= given.at::timestamptz) and (until is null or until > given.at::timestamptz)
      group by thread_spans.thread_id, position
    ) as added
    where span.thread_id = added.thread_id and span.position = added.position`);
}

/** What tells of a call, beside the record that stands for it in lists. */
const leg = 'leg';

export async function countOccurrences(tx: Queries, occurrences: readonly Occurrence[]): Promise<void> {
  if (occurrences.length === 0) return;
  const column = (value: (occurrence: Occurrence) => string) =>
    sql`${sql.param(occurrences.map(value))}::text[]`;
  await tx.execute(sql`
    update thread_spans as span set
      records = span.records + added.records, messages = span.messages + added.messages,
      calls = span.calls + added.calls, first_at = least(span.first_at, added.first_at),
      last_at = greatest(span.last_at, added.last_at),
      last_sequence = greatest(span.last_sequence, added.last_sequence)
    from (
      select thread_spans.thread_id, position, ${totals(sql`given.kind`, sql`given.at::timestamptz`, sql`given.sequence::bigint`)}
      from unnest(${column(({ threadId }) => threadId)}, ${column(({ at }) => at.toISOString())},
        ${column(({ sequence }) => String(sequence))}, ${column(({ kind }) => (kind === 'call' ? leg : kind))})
        as given (thread, at, sequence, kind)
      join thread_spans on thread_spans.thread_id = given.thread::uuid
        and (since is null or since <= given.at::timestamptz) and (until is null or until > given.at::timestamptz)
      group by thread_spans.thread_id, position
    ) as added
    where span.thread_id = added.thread_id and span.position = added.position`);
}

/** Counts the journal anew for all spans of these threads, whose counters MUST be zero. */
export async function recountSpans(
  tx: Queries,
  instanceId: string,
  threadIds: readonly string[],
): Promise<void> {
  if (threadIds.length === 0) return;
  await tx.execute(sql`
    update thread_spans as span set records = counted.records, messages = counted.messages,
      calls = counted.calls, first_at = counted.first_at, last_at = counted.last_at,
      last_sequence = counted.last_sequence
    from (
      select thread_spans.thread_id, position, ${totals(sql`dated.kind`, sql`dated.at`, sql`dated.sequence`)}
      from (
        select said.* from unnest(${sql.param([...threadIds])}::uuid[]) as given (thread_id)
        cross join lateral (
          select records.conversation_id, records.sequence, ${eventTimeOf('records')} as at,
            case when kind = 'call' and calls.id is null then ${leg} else kind end as kind
          from records left join calls on kind = 'call'
            and calls.instance_id = records.instance_id and calls.sequence = records.sequence
          where records.instance_id = ${instanceId} and records.conversation_id = given.thread_id
            and kind not in ('receipt', 'conflict') offset 0) as said
      ) as dated
      join thread_spans on thread_spans.thread_id = dated.conversation_id
        and (since is null or since <= dated.at) and (until is null or until > dated.at)
      group by thread_spans.thread_id, position
    ) as counted
    where span.thread_id = counted.thread_id and span.position = counted.position`);
}

type Part = ReturnType<typeof sql>;

const totals = (kind: Part, at: Part, sequence: Part) => sql`
  count(*) filter (where ${kind} <> ${leg}) as records, count(*) filter (where ${kind} = 'message') as messages,
  count(*) filter (where ${kind} = 'call') as calls,
  min(${at}) as first_at, max(${at}) as last_at, max(${sequence}) as last_sequence`;

export interface Span {
  readonly threadId: string;
  readonly position: number;
  readonly since: Date | null;
  readonly until: Date | null;
  readonly conversationId: string;
  readonly principals: readonly string[];
}

/** Gives spans other people; their bounds and counts stay. */
export async function renameSpans(tx: Queries, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return;
  await tx.execute(sql`
    update thread_spans as span set conversation_id = given.conversation::uuid,
      principals = string_to_array(given.principals, ' ')::uuid[]
    from unnest(${texts(spans, ({ threadId }) => threadId)}, ${texts(spans, ({ position }) => String(position))},
      ${texts(spans, ({ conversationId }) => conversationId)},
      ${texts(spans, ({ principals }) => principals.join(' '))})
      as given (thread, position, conversation, principals)
    where span.thread_id = given.thread::uuid and span.position = given.position::int`);
}

/** Puts these spans in the place of all that their threads have, with counters at zero. */
export async function replaceSpans(tx: Queries, instanceId: string, spans: readonly Span[]): Promise<void> {
  if (spans.length === 0) return;
  const threadIds = [...new Set(spans.map(({ threadId }) => threadId))];
  await tx.execute(sql`delete from thread_spans where thread_id = any(${sql.param(threadIds)}::uuid[])`);
  await tx.execute(sql`
    insert into thread_spans (instance_id, thread_id, position, since, until, conversation_id, principals)
    select ${instanceId}, thread::uuid, position::int, since::timestamptz, until::timestamptz,
      conversation::uuid, string_to_array(principals, ' ')::uuid[]
    from unnest(${texts(spans, ({ threadId }) => threadId)}, ${texts(spans, ({ position }) => String(position))},
      ${texts(spans, ({ since }) => since?.toISOString() ?? null)},
      ${texts(spans, ({ until }) => until?.toISOString() ?? null)},
      ${texts(spans, ({ conversationId }) => conversationId)},
      ${texts(spans, ({ principals }) => principals.join(' '))})
      as given (thread, position, since, until, conversation, principals)`);
}

function texts<Row>(rows: readonly Row[], value: (row: Row) => string | null) {
  return sql`${sql.param(rows.map(value))}::text[]`;
}

/** The bounds that threads are divided by now, in a form that can be compared. */
export async function readBounds(tx: Queries, threadIds: readonly string[]): Promise<Map<string, string>> {
  const rows = await tx.execute<{ thread_id: string; bounds: string }>(sql`
    select thread_id, string_agg(coalesce((extract(epoch from until) * 1000)::bigint::text, ''), ' ' order by position) as bounds
    from thread_spans where thread_id = any(${sql.param([...threadIds])}::uuid[]) group by thread_id`);
  return new Map(rows.map(({ thread_id, bounds }) => [thread_id, bounds]));
}

export interface Claim {
  readonly addressId: string;
  readonly personId: string;
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
}

/** Who takes part in these threads, each address with those whose it is or was. */
export async function readParties(
  tx: Queries,
  threadIds: readonly string[],
): Promise<{ threadId: string; addressId: string }[]> {
  return [
    ...(await tx.execute<{ threadId: string; addressId: string }>(sql`
      select thread_id as "threadId", address_id as "addressId" from thread_parties
      where thread_id = any(${sql.param([...threadIds])}::uuid[]) order by thread_id, address_id`)),
  ];
}

/** The threads in which one of these addresses occurs. */
export async function findThreads(
  tx: Queries,
  instanceId: string,
  addressIds: readonly string[],
): Promise<string[]> {
  const rows = await tx.execute<{ thread_id: string }>(sql`
    select distinct thread_id from thread_parties
    where instance_id = ${instanceId} and address_id = any(${sql.param([...addressIds])}::uuid[])`);
  return rows.map(({ thread_id }) => thread_id);
}

/**
 * Keeps the journal as it is until the end of this transaction: what is recorded next sees the change of people that this
 * transaction makes, and what was recorded is there to be seen by it.
 */
export async function holdJournal(tx: Queries, instanceId: string): Promise<void> {
  await tx.execute(sql`select 1 from journals where instance_id = ${instanceId} for update`);
}

export async function deleteThreads(tx: Queries, instanceId: string): Promise<void> {
  await tx.execute(sql`delete from thread_spans where instance_id = ${instanceId}`);
  await tx.execute(sql`delete from thread_parties where instance_id = ${instanceId}`);
  await tx.execute(sql`delete from threads where instance_id = ${instanceId}`);
}
