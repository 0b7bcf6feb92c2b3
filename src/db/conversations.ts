import { and, asc, eq, type SQL, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import type { RecordRow } from './journal.js';
import { eventAliases, records } from './schema/index.js';
import { eventTimeOf } from './threads.js';

export interface ConversationFilter {
  readonly instanceId: string;
  /** Only those whose last record has a lower number; the newest come first. */
  readonly before: number | undefined;
  readonly limit: number;
  readonly id?: string | undefined;
  /** Ids of persons who must take part. */
  readonly personIds: readonly string[];
  /** One of these must take part: the addresses of one end. */
  readonly addressIds?: readonly string[] | undefined;
  readonly channel?: string | undefined;
  readonly accountId?: string | undefined;
  /** Something was said at this time or later. */
  readonly since?: Date | undefined;
  /** Something was said before this time. */
  readonly until?: Date | undefined;
}

export interface ConversationRow {
  readonly id: string;
  readonly records: number;
  readonly messages: number;
  readonly calls: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly lastSequence: number;
}

/** Milliseconds since 1970, which travel through every driver unchanged. */
const milliseconds = (time: SQL) => sql`(extract(epoch from ${time}) * 1000)::float8`;

/**
 * Conversations in which something was said, those with the newest record first. The newest span of each is found first, in
 * the order of an index: all others are only added up for those that are shown.
 */
export async function listConversations(
  queries: Queries,
  filter: ConversationFilter,
): Promise<ConversationRow[]> {
  const { instanceId, before } = filter;
  const rows = await queries.execute<Record<keyof ConversationRow, never>>(sql`
    with listed as materialized (
      select conversation_id, last_sequence from thread_spans as span
      where instance_id = ${instanceId} and records > 0 ${among(filter)}
        ${before === undefined ? sql`` : sql`and last_sequence < ${before}`}
        and not exists (
          select 1 from thread_spans as later
          where later.instance_id = ${instanceId} and later.conversation_id = span.conversation_id
            and later.records > 0 and later.last_sequence > span.last_sequence)
      order by last_sequence desc limit ${filter.limit})
    select conversation_id as id, sum(records)::float8 as records, sum(messages)::float8 as messages,
      sum(calls)::float8 as calls, ${milliseconds(sql`min(first_at)`)} as "firstAt",
      ${milliseconds(sql`max(last_at)`)} as "lastAt", listed.last_sequence::float8 as "lastSequence"
    from listed join thread_spans using (conversation_id)
    where instance_id = ${instanceId} and records > 0
    group by conversation_id, listed.last_sequence order by listed.last_sequence desc`);
  return rows.map((row) => ({ ...row, firstAt: new Date(row.firstAt), lastAt: new Date(row.lastAt) }));
}

/** Each condition may hold in another thread of the conversation; it is listed whole. */
function among(filter: ConversationFilter): SQL {
  const { instanceId, id, personIds, addressIds, channel, accountId, since, until } = filter;
  const inSpans = (condition: SQL) => sql`and span.conversation_id in (
    select other.conversation_id from thread_spans as other join threads on threads.id = other.thread_id
    where other.instance_id = ${instanceId} and other.records > 0 and ${condition})`;
  const sometime = (condition: SQL) => sql`and exists (
    select 1 from thread_spans as other
    where other.instance_id = ${instanceId} and other.conversation_id = span.conversation_id
      and other.records > 0 and ${condition})`;
  return sql.join([
    id === undefined ? sql`` : sql`and span.conversation_id = ${id}`,
    ...personIds.map((personId) => sql`and ${personId} = any(span.principals)`),
    channel === undefined ? sql`` : inSpans(sql`${channel} = any(threads.channels)`),
    accountId === undefined ? sql`` : inSpans(sql`threads.account_id = ${accountId}`),
    addressIds === undefined
      ? sql``
      : inSpans(sql`exists (select 1 from thread_parties as party
          where party.thread_id = other.thread_id and party.address_id = any(${sql.param([...addressIds])}::uuid[]))`),
    since === undefined ? sql`` : sometime(sql`other.last_at >= ${since.toISOString()}::timestamptz`),
    until === undefined ? sql`` : sometime(sql`other.first_at < ${until.toISOString()}::timestamptz`),
  ]);
}

/** One time of one thread: what a conversation is put together from. */
export interface ConversationPart {
  readonly conversationId: string;
  readonly threadId: string;
  readonly accountId: string | null;
  readonly channels: readonly string[];
  readonly since: Date | null;
  readonly until: Date | null;
  readonly lastAt: Date;
}

export async function readParts(
  queries: Queries,
  instanceId: string,
  conversationIds: readonly string[],
): Promise<ConversationPart[]> {
  const rows = await queries.execute<{
    conversationId: string;
    threadId: string;
    accountId: string | null;
    channels: string;
    since: number | null;
    until: number | null;
    lastAt: number;
  }>(sql`
    select span.conversation_id as "conversationId", span.thread_id as "threadId",
      threads.account_id as "accountId", array_to_string(threads.channels, ' ') as channels,
      ${milliseconds(sql`span.since`)} as since, ${milliseconds(sql`span.until`)} as until,
      ${milliseconds(sql`span.last_at`)} as "lastAt"
    from thread_spans as span join threads on threads.id = span.thread_id
    where span.instance_id = ${instanceId} and span.records > 0
      and span.conversation_id = any(${sql.param([...conversationIds])}::uuid[])
    order by span.last_sequence`);
  const date = (time: number | null) => (time === null ? null : new Date(time));
  return rows.map((row) => ({
    ...row,
    channels: row.channels.split(' '),
    since: date(row.since),
    until: date(row.until),
    lastAt: new Date(row.lastAt),
  }));
}

export interface ConversationParty {
  readonly threadId: string;
  readonly addressId: string;
  readonly own: boolean;
}

export async function readThreadParties(
  queries: Queries,
  threadIds: readonly string[],
): Promise<ConversationParty[]> {
  const rows = await queries.execute<{ threadId: string; addressId: string; own: boolean }>(sql`
    select thread_id as "threadId", address_id as "addressId", own from thread_parties
    where thread_id = any(${sql.param([...threadIds])}::uuid[]) order by own desc, address_id`);
  return [...rows];
}

/**
 * The records of a conversation without its receipts, in the order of the journal, over all channels; of a call the one that
 * stands for it.
 */
export async function readConversationRecords(
  queries: Queries,
  page: { instanceId: string; conversationId: string; after: number; limit: number },
): Promise<RecordRow[]> {
  const { instanceId, conversationId, after, limit } = page;
  const found = await queries.execute<{ id: string }>(sql`
    select found.id from thread_spans as span
    cross join lateral (
      select id, sequence from records
      where records.instance_id = ${instanceId} and records.conversation_id = span.thread_id
        and sequence > ${after} and kind not in ('receipt', 'conflict')
        and (kind <> 'call' or exists (select from calls
          where calls.instance_id = ${instanceId} and calls.sequence = records.sequence))
        and (span.since is null or span.since <= ${eventTimeOf('records')})
        and (span.until is null or span.until > ${eventTimeOf('records')})
      order by sequence limit ${limit}
    ) as found
    where span.instance_id = ${instanceId} and span.conversation_id = ${conversationId} and span.records > 0
    order by found.sequence limit ${limit}`);
  const ids = found.map(({ id }) => id);
  if (ids.length === 0) return [];
  return queries
    .select()
    .from(records)
    .where(sql`${records.id} = any(${sql.param(ids)}::uuid[])`)
    .orderBy(asc(records.sequence));
}

/** What is about these events, by their keys, each in the order of the journal; by whatever name it refers to them. */
export async function readAbout(
  queries: Queries,
  instanceId: string,
  eventKeys: readonly string[],
): Promise<Map<string, RecordRow[]>> {
  if (eventKeys.length === 0) return new Map();
  const keys = sql`${sql.param([...eventKeys])}::uuid[]`;
  const aliases = await queries
    .select()
    .from(eventAliases)
    .where(and(eq(eventAliases.instanceId, instanceId), sql`${eventAliases.eventKey} = any(${keys})`));
  const names = new Map([
    ...eventKeys.map((key) => [key, key] as const),
    ...aliases.map(({ alias, eventKey }) => [alias, eventKey] as const),
  ]);
  const rows = await queries
    .select()
    .from(records)
    .where(
      and(
        eq(records.instanceId, instanceId),
        sql`${records.aboutKey} = any(${sql.param([...names.keys()])}::uuid[])`,
      ),
    )
    .orderBy(asc(records.sequence));
  const about = new Map<string, RecordRow[]>();
  for (const row of rows) {
    const key = names.get(row.aboutKey ?? '') ?? '';
    about.set(key, [...(about.get(key) ?? []), row]);
  }
  return about;
}

/**
 * The newest record in which each of these addresses occurs and whose content is still there. One that only says which
 * addresses are one end counts where there is no other: it has no names.
 */
export async function readLatestMentions(
  queries: Queries,
  instanceId: string,
  addressIds: readonly string[],
): Promise<Map<string, RecordRow>> {
  if (addressIds.length === 0) return new Map();
  const latest = (condition: SQL) => sql`(
    select records.id from record_addresses join records
      on records.instance_id = record_addresses.instance_id and records.sequence = record_addresses.sequence
    where record_addresses.instance_id = ${instanceId} and record_addresses.address_id = given.address_id
      and records.sealed_content is not null and ${condition}
    order by record_addresses.sequence desc limit 1)`;
  const found = await queries.execute<{ address_id: string; id: string }>(sql`
    select address_id, id from (
      select given.address_id, coalesce(${latest(sql`records.kind <> 'alias'`)}, ${latest(sql`true`)}) as id
      from unnest(${sql.param([...addressIds])}::uuid[]) as given (address_id)
    ) as mentioned where id is not null`);
  const ids = found.map(({ id }) => id);
  const rows = await queries
    .select()
    .from(records)
    .where(sql`${records.id} = any(${sql.param(ids)}::uuid[])`);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    found.flatMap(({ address_id, id }) => {
      const row = byId.get(id);
      return row === undefined ? [] : [[address_id, row] as const];
    }),
  );
}

export interface UnknownRow {
  readonly addressId: string;
  readonly own: boolean;
  readonly records: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly accountIds: readonly string[];
}

/**
 * Addresses in conversations of a time at which they were nobody's, each with what was said under its aliases. In the order
 * of their ids.
 */
export async function listUnknown(
  queries: Queries,
  page: { instanceId: string; after: string; limit: number; own: boolean | undefined },
): Promise<UnknownRow[]> {
  const { instanceId, after, limit, own } = page;
  const rows = await queries.execute<{
    addressId: string;
    own: boolean;
    records: number;
    firstAt: number;
    lastAt: number;
    accountIds: string;
  }>(sql`
    select principal as "addressId", bool_or(own) as own, sum(records)::float8 as records,
      ${milliseconds(sql`min(first_at)`)} as "firstAt", ${milliseconds(sql`max(last_at)`)} as "lastAt",
      coalesce(string_agg(distinct account_id::text, ' '), '') as "accountIds"
    from (
      select principal, bool_or(party.own) as own, span.records, span.first_at, span.last_at, threads.account_id
      from thread_spans as span
      cross join unnest(span.principals) as principal
      join thread_parties as party on party.thread_id = span.thread_id
        and (party.address_id = principal or exists (
          select 1 from address_aliases as alias where alias.instance_id = span.instance_id
            and alias.alias_id = party.address_id and alias.address_id = principal))
      join threads on threads.id = span.thread_id
      where span.instance_id = ${instanceId} and span.records > 0 and principal > ${after}::uuid
      group by principal, span.thread_id, span.position, span.records, span.first_at, span.last_at,
        threads.account_id
    ) as said
    group by principal
    having ${own === undefined ? sql`true` : sql`bool_or(own) = ${own}`}
    order by principal limit ${limit}`);
  return rows.map((row) => ({
    ...row,
    firstAt: new Date(row.firstAt),
    lastAt: new Date(row.lastAt),
    accountIds: row.accountIds.split(' ').filter((id) => id !== ''),
  }));
}
