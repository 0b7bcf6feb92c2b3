import { type CallFact, foldCall } from '../core/call-fold.js';
import {
  type CallFactRow,
  type CallRow,
  deleteCalls,
  factOf,
  insertCallFacts,
  moveFacts,
  type NewCallFact,
  readFactsAround,
  replaceCalls,
} from '../db/calls.js';
import type { Queries } from '../db/client.js';
import { findAliases } from '../db/event-aliases.js';
import { type RecordRow, readRecords } from '../db/journal.js';
import { type CallCount, holdJournal } from '../db/threads.js';
import type { Content, OwnEvent } from '../sdk/index.js';
import { eventKey } from './event-keys.js';
import { eventTime } from './parties.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

/** The record that a fact stands in, and the names that it has there. */
interface Place extends Pick<NewCallFact, 'recordId' | 'instanceId' | 'sequence' | 'accountId'> {
  readonly conversationId: string | null;
  /** Keyed ids of the leg that it is about, and of the one that made that. */
  readonly legId: string;
  readonly parentId: string | null;
  readonly at: Date;
}

/** What a record says about a leg of a call; undefined when it is of another kind. */
export function callFactOf(
  content: Content | OwnEvent | { kind: string },
  place: Place,
): NewCallFact | undefined {
  const event = content as Content;
  if (event.kind !== 'call' && event.kind !== 'recording') return undefined;
  const { at: happenedAt, ...named } = place;
  const date = (time: string | undefined) => (time === undefined ? null : new Date(time));
  const occurredAt = date(event.occurredAt?.at);
  if (event.kind === 'recording') {
    const exists = event.status === 'in-progress' || event.status === 'completed';
    return { ...named, happenedAt, voicemail: event.voicemail === true && exists, recording: event.status };
  }
  return {
    ...named,
    ...{ happenedAt, occurredAt, voicemail: false },
    status: event.status,
    direction: event.direction,
    answeredBy: event.answeredBy ?? null,
    startedAt: date(event.startedAt),
    answeredAt: date(event.answeredAt),
    endedAt: date(event.endedAt),
    durationSeconds: event.durationSeconds ?? null,
  };
}

/**
 * Brings the call log up to these new facts, and to legs that have got another name. Calls are made anew from everything that is known of their legs, so that nothing hangs on the order in which it
 * came: a leg may be known before the one that made it. MUST run in the transaction of the records.
 *
 * @param renamed keyed ids of events that have other names since this transaction began.
 */
export async function recordCalls(
  tx: Queries,
  tenant: Tenant,
  facts: readonly NewCallFact[],
  renamed: readonly string[],
): Promise<RecordedCalls> {
  const touched = new Set([
    ...facts.flatMap(({ legId, parentId }) => [legId, parentId ?? legId]),
    ...renamed,
  ]);
  if (touched.size === 0) return { counts: [], made: [], gone: [] };
  await insertCallFacts(tx, facts);
  const rows = await readFactsAround(tx, tenant.id, [...touched]);
  const roots = rootsOf(rows);
  const before = new Set(rows.map(({ callId }) => callId));
  const named = rows.map((row) => ({ ...row, callId: roots.get(row.legId) ?? row.legId }));
  await moveFacts(
    tx,
    named.filter(({ callId }, index) => callId !== rows[index]?.callId),
  );
  const byCall = new Map<string, CallFactRow[]>();
  for (const row of named) byCall.set(row.callId, [...(byCall.get(row.callId) ?? []), row]);
  const made = [...byCall].flatMap(([id, known]) => makeCall(id, known) ?? []);
  const earlier = await replaceCalls(tx, tenant.id, [...new Set([...before, ...byCall.keys()])], made);
  return {
    counts: [...earlier.flatMap((row) => countOf(row, -1)), ...made.flatMap((row) => countOf(row, 1))],
    made: made.map((call) => ({ call, facts: byCall.get(call.id) ?? [] })),
    gone: [...before].filter((id) => !byCall.has(id)),
  };
}

/** What has become of the call log. */
export interface RecordedCalls {
  readonly counts: readonly CallCount[];
  /** Calls that were made or made anew. */
  readonly made: readonly { readonly call: CallRow; readonly facts: readonly CallFactRow[] }[];
  /** Ids of calls that turned out to be legs of others. */
  readonly gone: readonly string[];
}

/** By leg, the one at the beginning of the chain that made it. Legs that name each other go by the least of their ids. */
function rootsOf(rows: readonly Pick<CallFactRow, 'legId' | 'parentId'>[]): Map<string, string> {
  const parents = new Map<string, string>();
  for (const { legId, parentId } of rows) {
    const known = parents.get(legId);
    if (parentId !== null && (known === undefined || parentId < known)) parents.set(legId, parentId);
  }
  return new Map(rows.map(({ legId }) => [legId, rootOf(legId, parents)]));
}

function rootOf(legId: string, parents: ReadonlyMap<string, string>): string {
  const chain = [legId];
  for (;;) {
    const next = parents.get(chain.at(-1) as string);
    if (next === undefined) return chain.at(-1) as string;
    const loop = chain.indexOf(next);
    if (loop >= 0) return chain.slice(loop).sort()[0] as string;
    chain.push(next);
  }
}

/** Undefined while nothing but recordings is known of it. */
function makeCall(id: string, known: readonly CallFactRow[]): CallRow | undefined {
  const facts: CallFact[] = known.map(factOf);
  const told = known.filter(({ status }) => status !== null);
  const conversationId = conversationOf(id, told);
  const [first] = told
    .filter((row) => row.conversationId === conversationId)
    .sort((left, right) => left.sequence - right.sequence);
  if (first === undefined) return undefined;
  const { startedAt, answeredAt, endedAt, ...folded } = foldCall(facts, id);
  const date = (time: number | null) => (time === null ? null : new Date(time));
  const { instanceId, sequence, accountId, happenedAt } = first;
  return {
    ...{ id, instanceId, sequence, accountId, conversationId, happenedAt },
    beganAt: date(startedAt) ?? happenedAt,
    ...folded,
    startedAt: date(startedAt),
    answeredAt: date(answeredAt),
    endedAt: date(endedAt),
  };
}

/** Where the request says that it belongs; else the first leg; else any other. */
function conversationOf(id: string, told: readonly CallFactRow[]): string | null {
  const rank = ({ status, legId }: CallFactRow) => (status === 'requested' ? 0 : legId === id ? 1 : 2);
  const [first] = told
    .flatMap((row) => (row.conversationId === null ? [] : { rank: rank(row), id: row.conversationId }))
    .sort((left, right) => left.rank - right.rank || (left.id < right.id ? -1 : 1));
  return first?.id ?? null;
}

function countOf({ conversationId, happenedAt }: CallRow, change: 1 | -1): CallCount[] {
  return conversationId === null ? [] : [{ threadId: conversationId, at: happenedAt, change }];
}

const pageSize = 1_000;

/** Makes the call log again from the journal. What was erased is left out. MUST run inside a transaction. */
export async function rebuildCalls(tx: Queries, tenant: Tenant): Promise<void> {
  await holdJournal(tx, tenant.id);
  await deleteCalls(tx, tenant.id);
  let after = 0;
  for (;;) {
    const rows = await readRecords(tx, { instanceId: tenant.id, after, limit: pageSize });
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.sequence;
    const told = rows.filter(({ kind }) => kind === 'call' || kind === 'recording');
    await recordCalls(tx, tenant, await readAgain(tx, tenant, told), []);
  }
}

async function readAgain(tx: Queries, tenant: Tenant, rows: readonly RecordRow[]): Promise<NewCallFact[]> {
  const facts = rows.flatMap((row) => {
    if (row.sealedContent === null) return [];
    const { content } = openContent(tenant.vault, row);
    const { connector, times } = readSkeleton(row);
    const parent = content.kind === 'call' ? content.parent : undefined;
    const scope = { connector, accountId: row.accountId ?? undefined };
    const fact = callFactOf(content, {
      recordId: row.id,
      instanceId: tenant.id,
      sequence: row.sequence,
      accountId: row.accountId ?? tenant.id,
      conversationId: row.conversationId,
      legId: row.aboutKey ?? row.eventKey,
      parentId: parent === undefined ? null : eventKey(tenant.vault, scope, parent),
      at: eventTime(times.claimed?.at, times.received),
    });
    return fact ?? [];
  });
  const names = facts.flatMap(({ legId, parentId }) => (parentId ? [legId, parentId] : [legId]));
  const aliases = await findAliases(tx, tenant.id, names);
  const named = (id: string) => aliases.get(id) ?? id;
  return facts.map((fact) => ({
    ...fact,
    legId: named(fact.legId),
    parentId: fact.parentId ? named(fact.parentId) : null,
  }));
}
