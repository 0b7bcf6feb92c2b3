import { setTimeout as sleep } from 'node:timers/promises';
import { failPoint } from '../core/failpoint.js';
import { newId } from '../core/ids.js';
import type { Database } from '../db/client.js';
import { countSettled } from '../db/inbox.js';
import { findByEventKeys, type RecordRow } from '../db/journal.js';
import type { Counts } from '../db/reconciliations.js';
import { sealCapture } from '../domain/captures.js';
import type { Capture, Listed } from '../sdk/index.js';
import type { DirectoryEntry } from './account-directory.js';
import type { Draft } from './draft.js';
import type { Ingest } from './ingest.js';
import { KnownEvents, provenanceOf } from './known-events.js';
import { explainSends } from './listed-sends.js';
import { originOf } from './origin.js';
import { readCapture } from './reading.js';
import { byFirstName, draftsOf } from './recorder.js';

export interface BatchOptions {
  readonly database: Database;
  readonly ingest: Pick<Ingest, 'accept'>;
  readonly entry: DirectoryEntry;
  /** When the reconciliation began: what was reconciled since then was found by it, in an earlier try. */
  readonly startedAt: Date;
  readonly signal: AbortSignal;
}

/** One thing that the provider listed, with what it would become. The first draft stands for it. */
interface Item {
  readonly capture: Capture;
  readonly drafts: readonly Draft[];
}

interface Taken {
  readonly captureId: string;
  /** Key of its first event where the journal had none such. */
  readonly absentKey: string | undefined;
}

export const noCounts: Counts = { observed: 0, recorded: 0, missing: 0, late: 0 };

const settledPollMs = 50;

/**
 * Captures what the journal lacks of these, and says how many were there. Resolves when what was captured has been read, so
 * that no more than one batch is on its way and the counts are final.
 */
export async function takeBatch(options: BatchOptions, listed: readonly Listed[]): Promise<Counts> {
  const { database, ingest, entry, startedAt, signal } = options;
  const { tenant } = entry;
  const { items, known } = await readItems(options, listed);
  let earlier = 0;
  const lacking: (Item & { absentKey: string | undefined })[] = [];
  for (const { capture, drafts } of items) {
    const key = drafts[0]?.eventKey as string;
    const record = known.record(key);
    if (record !== undefined && wasFoundEarlier(record, startedAt)) earlier += 1;
    if (drafts.some((draft) => known.lacks(draft)))
      lacking.push({ capture, drafts, absentKey: record === undefined ? key : undefined });
  }
  const taken = await Promise.all(
    lacking.map(async ({ capture, absentKey }): Promise<Taken> => {
      return { captureId: await ingest.accept(tenant.vault, capture), absentKey };
    }),
  );
  failPoint('reconciler:accepted');
  await untilSettled(database, taken, signal);
  const absent = taken.filter(({ absentKey }) => absentKey !== undefined);
  const late = await countLate(options, absent);
  const missing = earlier + absent.length - late;
  return { observed: items.length, recorded: items.length - missing - late, missing, late };
}

interface Items {
  readonly items: readonly Item[];
  readonly known: KnownEvents;
}

/** What carries no communication is left out. What we sent ourselves has the name under which the journal has it. */
async function readItems(options: BatchOptions, listed: readonly Listed[]): Promise<Items> {
  const { account, tenant } = options.entry;
  const read = listed.map((each): Item => {
    const capture: Capture = {
      ...each,
      account: account.id,
      receivedAt: new Date().toISOString(),
      provenance: 'reconciled',
    };
    const row = { ...sealCapture(tenant.vault, newId(), capture), attempts: 0, replayOf: null };
    const source = { row, capture, account, origin: originOf(account, 'reconciled') };
    return { capture, drafts: draftsOf(tenant, { source, reading: readCapture(account, capture) }) };
  });
  for (;;) {
    const found = await nameItems(options, read);
    const absent = found.items.flatMap(({ drafts: [first] }) =>
      first === undefined || found.known.record(first.eventKey) !== undefined ? [] : [first],
    );
    if (!(await explainSends(options, absent))) return found;
  }
}

async function nameItems({ database, entry }: BatchOptions, read: readonly Item[]): Promise<Items> {
  const { tenant } = entry;
  const all = read.flatMap(({ drafts }) => drafts);
  const named = await byFirstName(database.orm, tenant, all);
  let next = 0;
  const items = read
    .map(({ capture, drafts }) => ({ capture, drafts: drafts.map(() => named[next++] as Draft) }))
    .filter(({ drafts }) => drafts.length > 0);
  return { items, known: await KnownEvents.find(database.orm, tenant.id, named) };
}

async function untilSettled(database: Database, taken: readonly Taken[], signal: AbortSignal): Promise<void> {
  if (taken.length === 0) return;
  const ids = taken.map(({ captureId }) => captureId);
  while ((await countSettled(database.orm, ids)) < ids.length) {
    await sleep(settledPollMs, undefined, { signal });
  }
}

/**
 * Those whose record came from another capture after all: it was on its way when the provider was asked. Not those whose
 * other capture an earlier try of the same listing had put into the inbox, and was cut off before it was read.
 */
async function countLate(
  { database, entry, startedAt }: BatchOptions,
  absent: readonly Taken[],
): Promise<number> {
  const keys = absent.flatMap(({ absentKey }) => absentKey ?? []);
  const records = await findByEventKeys(database.orm, entry.tenant.id, keys);
  return absent.filter(({ captureId, absentKey }) => {
    const record = records.get(absentKey ?? '');
    return record !== undefined && record.captureId !== captureId && !wasFoundEarlier(record, startedAt);
  }).length;
}

/** By this listing, before it was cut off and began again. */
function wasFoundEarlier(record: RecordRow, startedAt: Date): boolean {
  return record.receivedAt >= startedAt && provenanceOf(record) === 'reconciled';
}
