import { type CallOutcome, foldLegs } from '../core/call-fold.js';
import {
  type CallFactRow,
  type CallRow,
  factOf,
  readCallRecords,
  readCallsBySequence,
  readFacts,
} from '../db/calls.js';
import type { Queries } from '../db/client.js';
import type { RecordRow } from '../db/journal.js';
import { type AttachmentRow, readAttachments } from '../db/message-log.js';
import type { CallStatus, Content, Direction, Person } from '../sdk/index.js';
import { byWeight, partiesOf, type ToldLeg } from './call-parties.js';
import { type HistoryEntry, historyEntry } from './history-view.js';
import { type AttachmentView, attachmentView } from './message-view.js';
import { firstParties, type Parties, partiesIn } from './people.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

/** What was recorded of a call, with what the provider says of it. */
export interface RecordingView extends AttachmentView {
  readonly durationSeconds: number | null;
  readonly channels: number | null;
}

/** One line of the call log. Times are ISO 8601, UTC, with milliseconds; numbers as the provider wrote them. */
export interface CallView {
  readonly id: string;
  readonly direction: Direction;
  readonly connector: string;
  readonly account: string;
  readonly conversation: string;
  /** Null when the content was erased. */
  readonly from: string | null;
  readonly to: string | null;
  readonly forwardedTo: string[];
  readonly forwardedFrom: string | null;
  readonly outcome: CallOutcome;
  readonly startedAt: string | null;
  readonly answeredAt: string | null;
  readonly endedAt: string | null;
  readonly ringSeconds: number | null;
  readonly talkSeconds: number | null;
  readonly routing: Readonly<Record<string, string>>;
  readonly recordings: RecordingView[];
  /** As resolved when it was recorded. */
  readonly custodian: Person | null;
  readonly contact: Person | null;
  /** Present when no content is left. */
  readonly erased?: true;
}

/** One leg of a call. */
export interface LegView {
  readonly id: string;
  /** Id of the leg that made it. */
  readonly parent: string | null;
  readonly from: string | null;
  readonly to: string[];
  readonly status: CallStatus | null;
  readonly startedAt: string | null;
  readonly answeredAt: string | null;
  readonly endedAt: string | null;
  readonly talkSeconds: number | null;
  readonly routing: Readonly<Record<string, string>>;
}

export interface CallDetail extends CallView {
  readonly legs: LegView[];
  /** All its records and what is about them, in the order of the journal. */
  readonly history: (HistoryEntry & { readonly attachments: AttachmentView[] })[];
}

/** Opens the records of these calls, and no others: the same few queries, however many calls. */
export async function readCallViews(
  queries: Queries,
  tenant: Tenant,
  rows: readonly CallRow[],
): Promise<CallView[]> {
  const known = await readKnown(queries, tenant, rows);
  return known.map((each) => callView(tenant, each));
}

export async function readCallDetails(
  queries: Queries,
  tenant: Tenant,
  rows: readonly CallRow[],
): Promise<CallDetail[]> {
  const known = await readKnown(queries, tenant, rows);
  return known.map((each) => ({
    ...callView(tenant, each),
    legs: legViews(each),
    history: each.records.map((row) => ({
      ...historyEntry(tenant, row),
      attachments: attachmentsOf(tenant, each, row),
    })),
  }));
}

/** The calls that these records stand for in lists, with the rest of what tells of them, by sequence number. */
export async function readCallsBehind(
  queries: Queries,
  tenant: Tenant,
  rows: readonly RecordRow[],
): Promise<Map<number, { readonly call: CallView; readonly history: CallDetail['history'] }>> {
  const sequences = rows.filter(({ kind }) => kind === 'call').map(({ sequence }) => sequence);
  const calls = await readCallsBySequence(queries, tenant.id, sequences);
  const details = await readCallDetails(queries, tenant, calls);
  return new Map(
    details.map(({ legs: _legs, history, ...call }, index) => {
      return [calls[index]?.sequence ?? 0, { call, history }];
    }),
  );
}

interface Told extends ToldLeg {
  readonly leg: string;
  readonly people: Parties;
}

interface Known {
  readonly row: CallRow;
  readonly facts: readonly CallFactRow[];
  readonly records: readonly RecordRow[];
  readonly contents: ReadonlyMap<string, Content>;
  /** What its call records say, by their weight. */
  readonly told: readonly Told[];
  readonly attachments: ReadonlyMap<string, AttachmentRow[]>;
}

async function readKnown(queries: Queries, tenant: Tenant, rows: readonly CallRow[]): Promise<Known[]> {
  const callIds = rows.map(({ id }) => id);
  const facts = await readFacts(queries, tenant.id, callIds);
  const records = await readCallRecords(queries, tenant.id, facts);
  const all = [...records.values()].flat();
  const attachments = await readAttachments(
    queries,
    all.map(({ id }) => id),
  );
  return rows.map((row) => {
    const mine = facts.filter(({ callId }) => callId === row.id);
    const own = records.get(row.id) ?? [];
    const contents = new Map(
      own.flatMap((record) =>
        record.sealedContent === null ? [] : [[record.id, openContent(tenant.vault, record).content]],
      ),
    );
    const told = mine.flatMap(({ recordId, legId: leg }): Told[] => {
      const event = contents.get(recordId);
      if (event?.kind !== 'call') return [];
      return [{ event, leg, isFirst: leg === row.id, people: partiesIn(event) }];
    });
    return { row, facts: mine, records: own, contents, told: byWeight(told), attachments };
  });
}

function callView(tenant: Tenant, known: Known): CallView {
  const { row, records, contents, told } = known;
  const { from, to, forwardedTo, forwardedFrom, routing } = partiesOf(told);
  const [first] = records;
  const recordings = [...contents.values()].filter(({ kind }) => kind === 'recording');
  const people = firstParties([...told.map((each) => each.people), ...recordings.map(partiesIn)]);
  return {
    id: row.id,
    direction: row.direction,
    connector: first === undefined ? '' : readSkeleton(first).connector,
    account: row.accountId,
    conversation: row.conversationId ?? row.accountId,
    from: from?.asReceived ?? null,
    to: to.length === 0 ? null : to.map(({ asReceived }) => asReceived).join(', '),
    forwardedTo: forwardedTo.map(({ asReceived }) => asReceived),
    forwardedFrom: forwardedFrom?.asReceived ?? null,
    outcome: row.outcome,
    startedAt: row.startedAt?.toISOString() ?? null,
    answeredAt: row.answeredAt?.toISOString() ?? null,
    endedAt: row.endedAt?.toISOString() ?? null,
    ringSeconds: row.ringSeconds,
    talkSeconds: row.talkSeconds,
    routing,
    recordings: recordingsOf(tenant, known),
    custodian: people.custodian ?? null,
    contact: people.contact ?? null,
    ...(contents.size === 0 ? { erased: true as const } : {}),
  };
}

function recordingsOf(tenant: Tenant, known: Known): RecordingView[] {
  return known.records
    .filter(({ kind }) => kind === 'recording')
    .flatMap((record) => {
      const content = known.contents.get(record.id);
      const told = content?.kind === 'recording' ? content : undefined;
      return attachmentsOf(tenant, known, record).map((attachment) => ({
        ...attachment,
        durationSeconds: told?.durationSeconds ?? null,
        channels: told?.channels ?? null,
      }));
    });
}

function attachmentsOf(tenant: Tenant, { attachments }: Known, record: RecordRow): AttachmentView[] {
  const erased = record.sealedContent === null;
  return (attachments.get(record.id) ?? []).map((each) => attachmentView(tenant, each, erased));
}

function legViews({ facts, told }: Known): LegView[] {
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  return foldLegs(facts.map(factOf)).map((leg) => {
    const own = told.filter((each) => each.leg === leg.key);
    // A request says who is to talk in the end, and not whom this leg rang.
    const spoken = own.filter(({ event }) => event.status !== 'requested');
    const { from, to, routing } = partiesOf(spoken.length > 0 ? spoken : own);
    return {
      id: leg.key,
      parent: facts.find(({ legId, parentId }) => legId === leg.key && parentId !== null)?.parentId ?? null,
      from: from?.asReceived ?? null,
      to: to.map(({ asReceived }) => asReceived),
      status: leg.status ?? own[0]?.event.status ?? null,
      startedAt: time(leg.startedAt),
      answeredAt: time(leg.answeredAt),
      endedAt: time(leg.endedAt),
      talkSeconds: leg.talkSeconds,
      routing,
    };
  });
}
