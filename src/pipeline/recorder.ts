import { saltedJsonDigest } from '../core/digest.js';
import { type AddressAlias, insertAddressAliases } from '../db/address-aliases.js';
import type { Queries } from '../db/client.js';
import { raiseConsents } from '../db/consents.js';
import { enqueueDeliveries } from '../db/delivery-queue.js';
import { findAliases, insertAliases, type NewAlias } from '../db/event-aliases.js';
import { markCapturesDone, quarantineCapture, readCapture as readCaptureRow } from '../db/inbox.js';
import {
  advanceJournal,
  appendEntries,
  findByEventKeys,
  lockJournal,
  type RecordRow,
} from '../db/journal.js';
import type { Lease } from '../db/leases.js';
import { enqueueMediaJobs } from '../db/media-jobs.js';
import { insertMessages, raiseStatuses } from '../db/message-log.js';
import { settleReported } from '../db/outbound.js';
import { countLeftOut } from '../db/sink-counts.js';
import { listSinks } from '../db/sinks.js';
import { aliasOf } from '../domain/address-aliases.js';
import { addressId } from '../domain/addresses.js';
import { recordCalls } from '../domain/calls.js';
import { openCapture } from '../domain/captures.js';
import { eventKey } from '../domain/event-keys.js';
import { addressesOf } from '../domain/parties.js';
import { resolvePeople } from '../domain/people.js';
import { expectRecordings } from '../domain/recording-searches.js';
import { openContent } from '../domain/records.js';
import type { Tenant } from '../domain/tenants.js';
import { recordTouches, refreshAddresses } from '../domain/threads.js';
import { outboundIdOf, type Provenance, type RecordKind } from '../sdk/index.js';
import {
  type Draft,
  draftConflict,
  draftEvents,
  draftQuarantineGap,
  draftQuarantineGapClosed,
  draftUnsupported,
  isListed,
  type Source,
} from './draft.js';
import { type Entry, makeEntry } from './entry.js';
import { echoes, KnownEvents, provenanceOf, tellSame } from './known-events.js';
import { isSameByOtherNames } from './other-names.js';
import { PeopleBehind } from './people-behind.js';
import { type QuarantineReason, type Reading, readCapture } from './reading.js';
import { route, withCustodians } from './routing.js';

/** A capture and what reading it gave. */
export interface Read {
  readonly source: Source;
  readonly reading: Reading;
}

export interface Recorded {
  readonly kinds: readonly RecordKind[];
  readonly duplicates: number;
  /** Records that no sink takes. */
  readonly unmatched: number;
  readonly quarantined: readonly { readonly captureId: string; readonly reason: QuarantineReason }[];
}

interface Quarantine {
  readonly source: Source;
  readonly reason: QuarantineReason;
  readonly detail: string;
}

/**
 * Transaction 2 of the path: everything that follows from these captures becomes visible at once, or nothing does. Records
 * get the next numbers of the journal, projections follow, each sink gets its deliveries, and the captures are done.
 *
 * MUST run inside a transaction.
 *
 * @throws {LeaseLostError} when another node writes this journal now.
 */
export async function record(
  tx: Queries,
  tenant: Tenant,
  lease: Lease,
  reads: readonly Read[],
): Promise<Recorded> {
  const last = await lockJournal(tx, tenant.id, lease);
  await settleReported(tx, reads.flatMap(reportedSends));
  const aliases = aliasesOf(tenant, reads);
  await insertAliases(tx, aliases);
  const candidates = await byFirstName(
    tx,
    tenant,
    reads.flatMap((read) => draftsOf(tenant, read)),
  );
  const { fresh, known, conflicts, duplicates } = await judge(tx, tenant, candidates);
  const joined = addressAliasesOf(tenant, fresh);
  await insertAddressAliases(tx, joined);
  const entries = await makeEntries(tx, tenant, { fresh, known }, last);
  const renamed = aliases.map((alias) => alias.eventKey);
  const unmatched = await store(tx, tenant, entries, renamed);
  await refreshAddresses(
    tx,
    tenant,
    joined.flatMap(({ aliasId, addressId: known }) => [aliasId, known]),
  );
  if (entries.length > 0) await advanceJournal(tx, tenant.id, last + entries.length);
  const quarantines = [...reads.flatMap(quarantineOf), ...conflicts];
  await settleCaptures(tx, tenant, reads, quarantines);
  return {
    kinds: entries.map((entry) => entry.record.kind),
    duplicates,
    unmatched,
    quarantined: quarantines.map(({ source, reason }) => ({ captureId: source.row.id, reason })),
  };
}

/** Messages of ours that a provider knows by a name of its own. */
function reportedSends({ source, reading }: Read): { id: string; accountId: string }[] {
  const { accountId } = source.origin;
  if (reading.kind !== 'events' || accountId === undefined || source.row.provenance === 'internal') return [];
  return (reading.aliases ?? []).flatMap(({ key }) => {
    const id = outboundIdOf(key);
    return id === undefined ? [] : [{ id, accountId }];
  });
}

function aliasesOf({ id, vault }: Tenant, reads: readonly Read[]): NewAlias[] {
  return reads.flatMap(({ source, reading }) =>
    reading.kind !== 'events' || reading.aliases === undefined
      ? []
      : reading.aliases.map(({ alias, key }) => ({
          instanceId: id,
          alias: eventKey(vault, source.origin, alias),
          eventKey: eventKey(vault, source.origin, key),
        })),
  );
}

/** Events that go by several names are known by the one under which the journal has them. */
export async function byFirstName(
  tx: Queries,
  tenant: Tenant,
  drafts: readonly Draft[],
): Promise<readonly Draft[]> {
  const keys = drafts.flatMap(({ eventKey: key, aboutKey, parentKey }) =>
    [key, aboutKey, parentKey].filter((each) => each !== undefined),
  );
  const aliases = await findAliases(tx, tenant.id, keys);
  if (aliases.size === 0) return drafts;
  const named = <Key extends string | undefined>(key: Key): string | Key => aliases.get(key ?? '') ?? key;
  return drafts.map((each) => ({
    ...each,
    eventKey: named(each.eventKey),
    aboutKey: named(each.aboutKey),
    parentKey: named(each.parentKey),
  }));
}

export function draftsOf({ vault }: Tenant, { source, reading }: Read): Draft[] {
  if (reading.kind === 'quarantined') return [draftQuarantineGap(vault, source, reading.reason)];
  const closing = openedGap(source) ? [draftQuarantineGapClosed(vault, source)] : [];
  if (reading.kind === 'events') return [...draftEvents(vault, source, reading.events), ...closing];
  if (reading.kind === 'unsupported') return [draftUnsupported(vault, source, reading.reason), ...closing];
  return closing;
}

/** Whether the capture was in quarantine with a gap in the journal; a conflict has a record of its own instead. */
function openedGap({ row: { replayOf } }: Source): boolean {
  return replayOf !== null && replayOf !== ('conflict' satisfies QuarantineReason);
}

function quarantineOf({ source, reading }: Read): Quarantine[] {
  return reading.kind === 'quarantined' ? [{ source, reason: reading.reason, detail: reading.detail }] : [];
}

interface Judgement {
  readonly fresh: Draft[];
  readonly known: KnownEvents;
  readonly conflicts: Quarantine[];
  readonly duplicates: number;
}

/** Tells what is new from what the journal has already, and a redelivery from a conflict. */
async function judge(tx: Queries, tenant: Tenant, candidates: readonly Draft[]): Promise<Judgement> {
  const known = await KnownEvents.find(tx, tenant.id, candidates);
  const fresh = new Map<string, Draft>();
  const conflicts: Quarantine[] = [];
  let duplicates = 0;
  for (const candidate of candidates) {
    const earlier = known.record(candidate.eventKey) ?? fresh.get(candidate.eventKey);
    if (isListed(candidate.source.row.provenance) && !known.lacks(candidate)) {
      duplicates += 1;
    } else if (earlier === undefined) {
      fresh.set(candidate.eventKey, candidate);
      known.add(candidate);
    } else if (await isSame(tx, tenant, candidate, earlier)) {
      // That two addresses are one is said with every message that shows both.
      if (candidate.kind !== 'alias') duplicates += 1;
    } else {
      const conflict = draftConflict(tenant.vault, candidate, 'Same key, other content.');
      const kept = await findByEventKeys(tx, tenant.id, [conflict.eventKey]);
      if (kept.size === 0) fresh.set(conflict.eventKey, conflict);
      const original = 'id' in earlier ? `record ${earlier.id}` : 'a record of the same moment';
      const detail = `An event of this capture has the key of ${original} and other content. Both are kept.`;
      conflicts.push({ source: candidate.source, reason: 'conflict', detail });
    }
  }
  return { fresh: [...fresh.values()], known, conflicts, duplicates };
}

async function isSame(
  tx: Queries,
  tenant: Tenant,
  newcomer: Draft,
  earlier: RecordRow | Draft,
): Promise<boolean> {
  if (await isEqual(tx, tenant, newcomer, earlier)) return true;
  const known = contentOf(tenant, earlier);
  return known !== undefined && isSameByOtherNames(tx, tenant, newcomer.content, known);
}

/** Compares outputs of one parser version: where the versions differ, the older capture is read again first. */
async function isEqual(
  tx: Queries,
  tenant: Tenant,
  newcomer: Draft,
  earlier: RecordRow | Draft,
): Promise<boolean> {
  const provenance = 'id' in earlier ? provenanceOf(earlier) : earlier.source.row.provenance;
  const known = contentOf(tenant, earlier);
  if (isListed(provenance)) return tellSame(newcomer.content, known);
  if (provenance === ('internal' satisfies Provenance) && newcomer.source.row.provenance !== provenance)
    return echoes(newcomer.content, known);
  if (!('id' in earlier)) return saltedJsonDigest(earlier.salt, newcomer.content) === earlier.eventDigest;
  // The pipeline's own kinds have keys that name their capture: the same key is the same fact.
  if (newcomer.content.kind === 'gap' || newcomer.content.kind === 'unsupported') return true;
  // A late redelivery of something erased meets its tombstone and is not restored.
  if (earlier.sealedContent === null) return true;
  const salt = Buffer.from(openContent(tenant.vault, earlier).salt, 'base64');
  if (saltedJsonDigest(salt, newcomer.content) === Buffer.from(earlier.eventDigest).toString('hex'))
    return true;
  if (earlier.connectorVersion === newcomer.source.origin.parserVersion) return false;
  const again = await readAgain(tx, tenant, newcomer, earlier);
  // Where the older one cannot be read again nobody can tell, and both are kept.
  return again !== undefined && saltedJsonDigest(newcomer.salt, again.content) === newcomer.eventDigest;
}

function contentOf({ vault }: Tenant, earlier: RecordRow | Draft): unknown {
  if (!('id' in earlier)) return earlier.content;
  return earlier.sealedContent === null ? undefined : openContent(vault, earlier).content;
}

async function readAgain(
  tx: Queries,
  tenant: Tenant,
  newcomer: Draft,
  earlier: RecordRow,
): Promise<Draft | undefined> {
  const row = earlier.captureId === null ? null : await readCaptureRow(tx, earlier.captureId);
  if (row === null) return undefined;
  const { account, origin } = newcomer.source;
  const capture = openCapture(tenant.vault, row);
  const reading = readCapture(account, capture);
  if (reading.kind !== 'events') return undefined;
  return draftEvents(tenant.vault, { row, capture, account, origin }, reading.events).find(
    (candidate) => candidate.eventKey === earlier.eventKey,
  );
}

async function makeEntries(
  tx: Queries,
  tenant: Tenant,
  { fresh: drafts, known }: Pick<Judgement, 'fresh' | 'known'>,
  last: number,
): Promise<Entry[]> {
  if (drafts.length === 0) return [];
  const addressIds = drafts.flatMap((each) =>
    addressesOf(each.content).map(({ address }) => addressId(tenant.vault, address.value)),
  );
  const recordedAt = new Date();
  const people = await resolvePeople(tx, tenant, addressIds);
  const behind = await PeopleBehind.find(tx, tenant, drafts, known);
  const context = { tenant, people, peopleBehind: behind.of, recordedAt };
  return drafts.map((each, index) => {
    const entry = makeEntry(each, last + 1 + index, context);
    behind.add(each, entry.parties);
    return entry;
  });
}

/**
 * Returns how many of the records no sink takes.
 *
 * @param renamed keys of events that have got another name.
 */
async function store(
  tx: Queries,
  tenant: Tenant,
  made: readonly Entry[],
  renamed: readonly string[],
): Promise<number> {
  if (made.length === 0) return 0;
  const sinks = await listSinks(tx, tenant.id);
  const entries = await withCustodians(tx, tenant, sinks, made);
  const receipts = entries.flatMap((entry) => entry.receipt ?? []);
  const messages = entries.flatMap((entry) => entry.message ?? []);
  await appendEntries(tx, {
    records: entries.map((entry) => entry.record),
    addresses: entries.flatMap((entry) => entry.addresses),
    attachments: entries.flatMap((entry) => entry.attachments),
    receipts,
  });
  await enqueueMediaJobs(
    tx,
    entries.flatMap((entry) => entry.mediaJobs),
  );
  await insertMessages(tx, messages);
  const calls = await recordCalls(
    tx,
    tenant,
    entries.flatMap((entry) => entry.callFact ?? []),
    renamed,
  );
  const accounts = new Map(
    made.flatMap(({ source: { account } }) => (account ? [[account.id, account]] : [])),
  );
  await expectRecordings(tx, tenant, calls, (id) => accounts.get(id));
  await recordTouches(
    tx,
    tenant,
    entries.flatMap((entry) => entry.touch ?? []),
    calls.counts,
  );
  await raiseStatuses(tx, tenant.id, [
    ...receipts.map((receipt) => receipt.aboutKey),
    ...messages.map((message) => message.eventKey),
  ]);
  await raiseConsents(
    tx,
    entries.flatMap((entry) => entry.consents),
  );
  const { deliveries, leftOut, unmatched } = route(sinks, entries);
  await enqueueDeliveries(tx, deliveries);
  await countLeftOut(tx, { instanceId: tenant.id, sinkIds: leftOut, unmatched });
  return unmatched;
}

async function settleCaptures(
  tx: Queries,
  tenant: Tenant,
  reads: readonly Read[],
  quarantines: readonly Quarantine[],
): Promise<void> {
  const aside = new Set(quarantines.map(({ source }) => source.row.id));
  await markCapturesDone(
    tx,
    reads
      .filter(({ source }) => !aside.has(source.row.id))
      .map(({ source, reading }) => ({
        id: source.row.id,
        parsedBy: source.origin.parserVersion,
        reason: 'reason' in reading ? reading.reason : null,
      })),
  );
  for (const { source, reason, detail } of quarantines) {
    const { id } = source.row;
    const sealedDetail = tenant.vault.sealText(detail.toWellFormed(), quarantineDetailPlace(id));
    await quarantineCapture(tx, { id, reason, sealedDetail, parsedBy: source.origin.parserVersion });
  }
}

function addressAliasesOf(tenant: Tenant, drafts: readonly Draft[]): AddressAlias[] {
  return drafts.flatMap(
    ({ content, source }) => aliasOf(tenant, content, new Date(source.row.receivedAt)) ?? [],
  );
}

export const quarantineDetailPlace = (id: string) => ({ table: 'captures', id, column: 'sealed_detail' });
