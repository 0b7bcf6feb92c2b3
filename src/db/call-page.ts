import { and, asc, desc, eq, gt, gte, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { CallOutcome } from '../core/call-fold.js';
import type { Direction } from '../sdk/index.js';
import type { CallRow } from './calls.js';
import type { Queries } from './client.js';
import type { Mention } from './message-page.js';
import { calls } from './schema/index.js';

export interface CallFilter {
  readonly instanceId: string;
  /** Sequence number of the last call that was read; undefined for the first page. */
  readonly after?: number | undefined;
  readonly limit: number;
  /** `newest`: against the order of the journal. */
  readonly order?: 'oldest' | 'newest';
  /** One of these. */
  readonly accountIds?: readonly string[] | undefined;
  readonly conversationId?: string | undefined;
  readonly direction?: Direction | undefined;
  readonly outcome?: CallOutcome | undefined;
  /** Parties that all take part in one of the legs, each under one of its addresses. */
  readonly parties?: readonly (readonly Mention[])[];
  /** Began at this time or later. */
  readonly since?: Date | undefined;
  /** Began before this time. */
  readonly until?: Date | undefined;
}

/** A page of the call log, in the order of the journal or against it. */
export async function readCalls(queries: Queries, filter: CallFilter): Promise<CallRow[]> {
  const { instanceId, after, limit, order, accountIds, conversationId, direction, outcome } = filter;
  const { since, until, parties = [] } = filter;
  if (parties.some((party) => party.length === 0)) return [];
  const beyond = order === 'newest' ? lt : gt;
  return queries
    .select()
    .from(calls)
    .where(
      and(
        eq(calls.instanceId, instanceId),
        after === undefined ? undefined : beyond(calls.sequence, after),
        accountIds === undefined ? undefined : inArray(calls.accountId, [...accountIds]),
        conversationId === undefined ? undefined : eq(calls.conversationId, conversationId),
        direction === undefined ? undefined : eq(calls.direction, direction),
        outcome === undefined ? undefined : eq(calls.outcome, outcome),
        since === undefined ? undefined : gte(calls.beganAt, since),
        until === undefined ? undefined : lt(calls.beganAt, until),
        ...parties.map((party) => tookPart(instanceId, party)),
      ),
    )
    .orderBy(order === 'newest' ? desc(calls.sequence) : asc(calls.sequence))
    .limit(limit);
}

/** As an array that is made once: a call at a time would be asked for among all that others said. */
function tookPart(instanceId: string, party: readonly Mention[]): SQL {
  const found = party.map(
    (mention) => sql`
      select fact.call_id from record_addresses as mention
      join call_facts as fact on fact.instance_id = mention.instance_id and fact.sequence = mention.sequence
      where mention.instance_id = ${instanceId} and mention.address_id = ${mention.addressId} ${inUse(mention)}`,
  );
  return sql`${calls.id} = any(array(${sql.join(found, sql` union `)}))`;
}

/** Whose an address was is decided by the time of the record's event. */
function inUse({ validFrom, validUntil }: Mention): SQL {
  if (validFrom === null && validUntil === null) return sql``;
  const at = sql`fact.happened_at`;
  const from = validFrom === null ? sql`true` : sql`${at} >= ${validFrom.toISOString()}::timestamptz`;
  const until = validUntil === null ? sql`true` : sql`${at} < ${validUntil.toISOString()}::timestamptz`;
  return sql`and ${from} and ${until}`;
}
