import { and, asc, eq, inArray, or, sql } from 'drizzle-orm';
import type { CallFact } from '../core/call-fold.js';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import type { RecordRow } from './journal.js';
import { callFacts, calls, records } from './schema/index.js';

export type CallFactRow = typeof callFacts.$inferSelect;
export type CallRow = typeof calls.$inferSelect;
/** Until the calls are made again, each leg counts as a call of its own. */
export type NewCallFact = Omit<typeof callFacts.$inferInsert, 'callId'>;

const ids = (given: readonly string[]) => sql`${sql.param([...given])}::uuid[]`;

export async function insertCallFacts(tx: Queries, rows: readonly NewCallFact[]): Promise<void> {
  await insertRows(
    tx,
    callFacts,
    rows.map((row) => ({ ...row, callId: row.legId })),
  );
}

/** What has been said under another name of a leg is said of the leg from now on. */
export async function renameLegs(
  tx: Queries,
  aliases: readonly { alias: string; eventKey: string; instanceId: string }[],
): Promise<void> {
  const given = sql`unnest(${ids(aliases.map(({ alias }) => alias))}, ${ids(aliases.map((each) => each.eventKey))},
    ${ids(aliases.map(({ instanceId }) => instanceId))}) as given (alias, event_key, instance_id)`;
  for (const column of [sql.identifier('leg_id'), sql.identifier('parent_id')]) {
    await tx.execute(sql`
      update call_facts set ${column} = given.event_key from ${given}
      where call_facts.instance_id = given.instance_id and call_facts.${column} = given.alias`);
  }
}

/** Everything that is known of the calls which these legs are of, now or before. */
export async function readFactsAround(
  tx: Queries,
  instanceId: string,
  legIds: readonly string[],
): Promise<CallFactRow[]> {
  const found = await tx.execute<{ call_id: string }>(sql`
    select call_id from call_facts where instance_id = ${instanceId} and call_id = any(${ids(legIds)})
    union select call_id from call_facts where instance_id = ${instanceId} and leg_id = any(${ids(legIds)})
    union select call_id from call_facts where instance_id = ${instanceId} and parent_id = any(${ids(legIds)})`);
  const callIds = found.map((row) => row.call_id);
  return readFacts(tx, instanceId, callIds);
}

export async function readFacts(
  queries: Queries,
  instanceId: string,
  callIds: readonly string[],
): Promise<CallFactRow[]> {
  if (callIds.length === 0) return [];
  return queries
    .select()
    .from(callFacts)
    .where(and(eq(callFacts.instanceId, instanceId), sql`${callFacts.callId} = any(${ids(callIds)})`))
    .orderBy(asc(callFacts.sequence));
}

export async function moveFacts(
  tx: Queries,
  moved: readonly { recordId: string; callId: string }[],
): Promise<void> {
  if (moved.length === 0) return;
  await tx.execute(sql`
    update call_facts set call_id = given.call_id
    from unnest(${ids(moved.map(({ recordId }) => recordId))}, ${ids(moved.map(({ callId }) => callId))})
      as given (record_id, call_id)
    where call_facts.record_id = given.record_id`);
}

/** Puts these calls in the place of those with the given ids; returns what was there. */
export async function replaceCalls(
  tx: Queries,
  instanceId: string,
  callIds: readonly string[],
  rows: readonly CallRow[],
): Promise<CallRow[]> {
  if (callIds.length === 0) return [];
  const before = await tx
    .delete(calls)
    .where(and(eq(calls.instanceId, instanceId), sql`${calls.id} = any(${ids(callIds)})`))
    .returning();
  await insertRows(tx, calls, rows);
  return before;
}

export async function deleteCalls(tx: Queries, instanceId: string): Promise<void> {
  await tx.delete(calls).where(eq(calls.instanceId, instanceId));
  await tx.delete(callFacts).where(eq(callFacts.instanceId, instanceId));
}

/** By its own id, or by that of one of its legs. */
export async function readCall(
  queries: Queries,
  instanceId: string,
  id: string,
): Promise<CallRow | undefined> {
  const [row] = await queries
    .select()
    .from(calls)
    .where(
      and(
        eq(calls.instanceId, instanceId),
        or(
          eq(calls.id, id),
          sql`${calls.id} in (select call_id from call_facts where instance_id = ${instanceId} and leg_id = ${id})`,
        ),
      ),
    )
    .limit(1);
  return row;
}

/** By the sequence numbers of the records that stand for them. */
export async function readCallsBySequence(
  queries: Queries,
  instanceId: string,
  sequences: readonly number[],
): Promise<CallRow[]> {
  if (sequences.length === 0) return [];
  return queries
    .select()
    .from(calls)
    .where(and(eq(calls.instanceId, instanceId), inArray(calls.sequence, [...sequences])));
}

/**
 * The records of these calls, and what is about them, their legs or their records, by call, in the order of the journal.
 *
 * @param facts all of the calls.
 */
export async function readCallRecords(
  queries: Queries,
  instanceId: string,
  facts: readonly CallFactRow[],
): Promise<Map<string, RecordRow[]>> {
  const callOf = new Map<string, string>();
  for (const { legId, recordId, callId } of facts) callOf.set(legId, callId).set(recordId, callId);
  const own = await queries
    .select()
    .from(records)
    .where(sql`${records.id} = any(${ids(facts.map(({ recordId }) => recordId))})`);
  for (const { id, eventKey } of own) callOf.set(eventKey, callOf.get(id) ?? '');
  const abouts = own.length === 0 ? [] : [...callOf.keys()];
  const about = await queries
    .select()
    .from(records)
    .where(
      and(
        eq(records.instanceId, instanceId),
        sql`${records.aboutKey} = any(${ids(abouts)})`,
        sql`${records.kind} not in ('call', 'recording')`,
      ),
    );
  const found = new Map<string, RecordRow[]>();
  for (const row of [...own, ...about].sort((left, right) => left.sequence - right.sequence)) {
    const callId = callOf.get(row.id) ?? callOf.get(row.aboutKey ?? '') ?? '';
    found.set(callId, [...(found.get(callId) ?? []), row]);
  }
  return found;
}

/** What has been said of these legs so far. */
export async function findLegStatuses(
  queries: Queries,
  instanceId: string,
  legIds: readonly string[],
): Promise<Pick<CallFactRow, 'legId' | 'status'>[]> {
  if (legIds.length === 0) return [];
  return queries
    .select({ legId: callFacts.legId, status: callFacts.status })
    .from(callFacts)
    .where(and(eq(callFacts.instanceId, instanceId), sql`${callFacts.legId} = any(${ids(legIds)})`));
}

/** Whose the calls of these legs are. */
export async function findCustodiansByLeg(
  queries: Queries,
  instanceId: string,
  legIds: readonly string[],
): Promise<Map<string, string[]>> {
  if (legIds.length === 0) return new Map();
  const rows = await queries.execute<{ leg: string; custodians: string }>(sql`
    select wanted.leg_id as leg, string_agg(distinct custodian::text, ',') as custodians
    from (select distinct leg_id, call_id from call_facts
      where instance_id = ${instanceId} and leg_id = any(${ids(legIds)})) as wanted
    join call_facts as fact on fact.instance_id = ${instanceId} and fact.call_id = wanted.call_id
    join records on records.id = fact.record_id
    cross join lateral unnest(records.custodian_ids) as custodian
    group by wanted.leg_id`);
  return new Map(rows.map(({ leg, custodians }) => [leg, custodians.split(',')]));
}

/** In the form in which the rules read it. */
export function factOf(row: CallFactRow): CallFact {
  const { legId: leg, parentId: parent, status, direction, answeredBy, voicemail, durationSeconds } = row;
  const time = (at: Date | null) => at?.getTime() ?? null;
  return {
    ...{ leg, parent, status, direction, answeredBy, voicemail, durationSeconds },
    occurredAt: time(row.occurredAt),
    startedAt: time(row.startedAt),
    answeredAt: time(row.answeredAt),
    endedAt: time(row.endedAt),
  };
}
