import { and, asc, desc, eq, gt, gte, lt, lte, type SQL, sql } from 'drizzle-orm';
import type { Direction } from '../sdk/index.js';
import type { Queries } from './client.js';
import type { MessageRow, NewMessage } from './message-log.js';
import { messageHours, messages } from './schema/index.js';
import { eventTimeOf } from './threads.js';

/** An address that takes part, and when it must have been in use; at any time where a bound is null. */
export interface Mention {
  /** Keyed id. */
  readonly addressId: string;
  readonly validFrom: Date | null;
  readonly validUntil: Date | null;
}

export interface MessageFilter {
  readonly instanceId: string;
  /** Sequence number of the last message that was read; undefined for the first page. */
  readonly after?: number | undefined;
  readonly limit: number;
  /** `newest`: against the order of the journal. */
  readonly order?: 'oldest' | 'newest';
  readonly accountId?: string | undefined;
  readonly conversationId?: string | undefined;
  readonly direction?: Direction | undefined;
  /** Parties that all take part, each under one of its addresses. The last should be the one that says the least. */
  readonly parties?: readonly (readonly Mention[])[];
  /** Received at this time or later. */
  readonly since?: Date | undefined;
  /** Received before this time. */
  readonly until?: Date | undefined;
}

/** A page of the message log, in the order of the journal or against it. */
export async function readMessages(queries: Queries, filter: MessageFilter): Promise<MessageRow[]> {
  const { instanceId, after, limit, order, parties = [] } = filter;
  const stretch = await stretchOf(queries, filter);
  if (stretch === undefined || parties.some((party) => party.length === 0)) return [];
  const beyond = order === 'newest' ? lt : gt;
  const given = and(
    eq(messages.instanceId, instanceId),
    ...stretch,
    after === undefined ? undefined : beyond(messages.sequence, after),
    ...plainConditions(filter),
    ...parties.slice(0, -1).map((party) => tookPart(instanceId, party)),
  );
  const party = parties.at(-1);
  return queries
    .select()
    .from(messages)
    .where(party === undefined ? given : among(instanceId, pagesOfParty(filter, party, given)))
    .orderBy(order === 'newest' ? desc(messages.sequence) : asc(messages.sequence))
    .limit(limit);
}

function plainConditions({ accountId, conversationId, direction, since, until }: MessageFilter) {
  return [
    accountId === undefined ? undefined : eq(messages.accountId, accountId),
    conversationId === undefined ? undefined : eq(messages.conversationId, conversationId),
    direction === undefined ? undefined : eq(messages.direction, direction),
    since === undefined ? undefined : gte(messages.receivedAt, since),
    until === undefined ? undefined : lt(messages.receivedAt, until),
  ];
}

function among(instanceId: string, sequences: SQL) {
  return and(eq(messages.instanceId, instanceId), sql`${messages.sequence} in (${sequences})`);
}

/**
 * The first messages of each address of a party, by the index of that address: found one after the other in the log, those
 * of somebody who says little would be looked for among all the others.
 */
function pagesOfParty(filter: MessageFilter, party: readonly Mention[], given: SQL | undefined): SQL {
  const direction = filter.order === 'newest' ? sql`desc` : sql`asc`;
  const pages = party.map(
    (mention) => sql`(
      select mention.sequence from record_addresses as mention
      join messages on messages.instance_id = mention.instance_id and messages.sequence = mention.sequence
      where mention.instance_id = ${filter.instanceId} and mention.address_id = ${mention.addressId}
        and ${given} ${inUse(mention)}
      order by mention.sequence ${direction} limit ${2 * filter.limit})`,
  );
  // Twice as many: a message may have an address as its sender and as its receiver.
  return sql.join(pages, sql` union `);
}

function tookPart(instanceId: string, party: readonly Mention[]): SQL {
  const each = party.map(
    (mention) => sql`exists (
      select 1 from record_addresses as mention
      where mention.instance_id = ${instanceId} and mention.address_id = ${mention.addressId}
        and mention.sequence = ${messages.sequence} ${inUse(mention)})`,
  );
  return sql`(${sql.join(each, sql` or `)})`;
}

/** A record has the time of its event inside; it is opened only where an address was not always somebody's. */
function inUse({ validFrom, validUntil }: Mention): SQL {
  if (validFrom === null && validUntil === null) return sql``;
  const at = eventTimeOf('records');
  const from = validFrom === null ? sql`true` : sql`${at} >= ${validFrom.toISOString()}::timestamptz`;
  const until = validUntil === null ? sql`true` : sql`${at} < ${validUntil.toISOString()}::timestamptz`;
  return sql`and exists (select 1 from records where records.id = ${messages.recordId} and ${from} and ${until})`;
}

/** Between which numbers the messages of the wanted time lie; undefined when there are none. */
async function stretchOf(
  queries: Queries,
  { instanceId, since, until }: MessageFilter,
): Promise<SQL[] | undefined> {
  if (since === undefined && until === undefined) return [];
  const [row] = await queries
    .select({
      first: sql<string | null>`min(${messageHours.firstSequence})`,
      last: sql<string | null>`max(${messageHours.lastSequence})`,
    })
    .from(messageHours)
    .where(
      and(
        eq(messageHours.instanceId, instanceId),
        since === undefined ? undefined : gte(messageHours.hour, hourOf(since)),
        until === undefined ? undefined : lt(messageHours.hour, until),
      ),
    );
  if (row === undefined || row.first === null || row.last === null) return undefined;
  return [gte(messages.sequence, Number(row.first)), lte(messages.sequence, Number(row.last))];
}

const hourMs = 3_600_000;

function hourOf(time: Date): Date {
  return new Date(Math.floor(time.getTime() / hourMs) * hourMs);
}

/** Notes in which hours these messages were received. */
export function widenHours(rows: readonly NewMessage[]): SQL {
  const hours = new Map<string, { row: NewMessage; first: number; last: number }>();
  for (const row of rows) {
    const hour = hourOf(row.receivedAt).toISOString();
    const known = hours.get(`${row.instanceId} ${hour}`) ?? { row, first: row.sequence, last: row.sequence };
    known.first = Math.min(known.first, row.sequence);
    known.last = Math.max(known.last, row.sequence);
    hours.set(`${row.instanceId} ${hour}`, known);
  }
  const given = [...hours.values()];
  return sql`
    insert into message_hours (instance_id, hour, first_sequence, last_sequence)
    select instance_id, hour::timestamptz, first_sequence, last_sequence
    from unnest(${sql.param(given.map(({ row }) => row.instanceId))}::uuid[],
                ${sql.param(given.map(({ row }) => hourOf(row.receivedAt).toISOString()))}::text[],
                ${sql.param(given.map(({ first }) => String(first)))}::bigint[],
                ${sql.param(given.map(({ last }) => String(last)))}::bigint[])
      as given (instance_id, hour, first_sequence, last_sequence)
    on conflict (instance_id, hour) do update set
      first_sequence = least(message_hours.first_sequence, excluded.first_sequence),
      last_sequence = greatest(message_hours.last_sequence, excluded.last_sequence)`;
}
