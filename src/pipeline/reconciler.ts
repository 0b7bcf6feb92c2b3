import { failPoint } from '../core/failpoint.js';
import { decide } from '../core/retry-policy.js';
import type { Database } from '../db/client.js';
import { LeaseLostError } from '../db/journal.js';
import { acquireLease, type Lease, releaseLease } from '../db/leases.js';
import {
  advanceReconciliation,
  type Counts,
  dueReconciliations,
  type ReconciliationRow,
  readReconciliation,
  startReconciliation,
  storeFailedListing,
} from '../db/reconciliations.js';
import { closeGaps } from '../domain/reconciliations.js';
import { Failure, type TimeWindow } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { AccountDirectory, DirectoryEntry } from './account-directory.js';
import type { Ingest } from './ingest.js';
import { keepLease } from './keep-lease.js';
import { noCounts, takeBatch } from './listed-batch.js';
import { batchesOf } from './listing.js';
import { Nightly } from './nightly.js';
import { WorkLoop } from './work-loop.js';

export interface ReconcilerOptions {
  readonly database: Database;
  readonly directory: Pick<AccountDirectory, 'entries' | 'get'>;
  readonly ingest: Pick<Ingest, 'accept' | 'calm'>;
  /** At which hour (UTC) the last days are looked at; null for never. */
  readonly nightlyHour: number | null;
  /** Id of this node, as the holder of leases. */
  readonly node: string;
  readonly log: Log;
  readonly metrics: Metrics;
  /** For one slice; what was captured of it by then stays. */
  readonly sliceTimeoutMs?: number;
}

const pollMs = 2_000;
const leaseMs = 60_000;
const renewMs = 15_000;
/** So many accounts at once. */
const accountsMax = 4;
/** Long windows are listed in slices, each committed by itself. Whole seconds: providers give no finer times. */
const sliceMs = 6 * 60 * 60 * 1_000;
const defaultSliceTimeoutMs = 30 * 60 * 1_000;

/**
 * Compares windows of time with what providers list, one slice after the other, and captures what is missing. The windows
 * lie in the database; one node at a time works on an account. A slice that was interrupted is listed again.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #nightly: Nightly;
  readonly #loop: WorkLoop;
  readonly #active = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#nightly = new Nightly({ ...options, hour: options.nightlyHour });
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) => options.log.error({ error }, 'The reconciler will try again.'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
    await Promise.all(this.#active.values());
  }

  /** Begins with accounts of which a window is due. They go side by side: a provider that is slow holds up no other. */
  async #portion(): Promise<boolean> {
    const { database, directory } = this.#options;
    const entries = directory.entries().filter(({ account }) => account.connector.reconcile !== undefined);
    if (entries.length === 0) return false;
    await this.#nightly.ensure();
    const due = await dueReconciliations(
      database.orm,
      entries.map(({ account }) => account.id),
    );
    for (const row of due) this.#ensure(row);
    return false;
  }

  #ensure(row: ReconciliationRow): void {
    const { directory, log } = this.#options;
    const { accountId } = row;
    const entry = directory.get(accountId);
    if (entry === undefined || this.#stopping.signal.aborted) return;
    if (this.#active.has(accountId) || this.#active.size >= accountsMax) return;
    const run = this.#underLease(row, entry)
      .catch((error: unknown) => {
        log.error({ error, account: accountId }, 'A window could not be compared; it will be tried again.');
        return false;
      })
      .then((isOurs) => {
        this.#active.delete(accountId);
        if (isOurs) this.#loop.wake();
      });
    this.#active.set(accountId, run);
  }

  /** Lists one slice of a window; false when another node has the account, or has done it. */
  async #underLease({ id }: ReconciliationRow, entry: DirectoryEntry): Promise<boolean> {
    const { database } = this.#options;
    const acquire = () => this.#lease(entry);
    const lease = await acquire();
    if (lease === null) return false;
    const ended = new AbortController();
    // A provider may take longer for a page than the lease lasts.
    const renewing = keepLease(acquire, lease, { everyMs: renewMs, ended });
    try {
      // Read again: another node may have gone on with it before we had the lease.
      const row = await readReconciliation(database.orm, id);
      if (row?.state !== 'pending' || row.dueAt.getTime() > Date.now()) return false;
      await this.#listSlice(row, entry, ended.signal);
      return true;
    } finally {
      ended.abort();
      await renewing;
      await releaseLease(database.orm, lease).catch(() => undefined);
    }
  }

  #lease({ account, tenant }: DirectoryEntry): Promise<Lease | null> {
    const { database, node } = this.#options;
    const name = `reconcile/${account.id}`;
    return acquireLease(database.orm, { name, instanceId: tenant.id, holder: node, durationMs: leaseMs });
  }

  async #listSlice({ id }: ReconciliationRow, entry: DirectoryEntry, lost: AbortSignal): Promise<void> {
    const { database, ingest, log, sliceTimeoutMs = defaultSliceTimeoutMs } = this.#options;
    const row = await startReconciliation(database.orm, id, new Date());
    failPoint('reconciler:started');
    const slice = sliceOf(row);
    const late = AbortSignal.timeout(sliceTimeoutMs);
    const signal = AbortSignal.any([this.#stopping.signal, lost, late]);
    let counts = noCounts;
    try {
      for await (const batch of batchesOf(slice, entry, { signal, log })) {
        await ingest.calm();
        const startedAt = row.startedAt as Date;
        counts = sum(counts, await takeBatch({ database, ingest, entry, startedAt, signal }, batch));
        failPoint('reconciler:taken');
      }
      signal.throwIfAborted();
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      if (lost.aborted) throw new LeaseLostError('Another node reconciles this account now.');
      if (late.aborted) return this.#storeFailure(row, tooSlow());
      if (!(error instanceof Failure)) throw error;
      return this.#storeFailure(row, error);
    }
    await this.#commit(row, entry, slice, counts);
  }

  async #commit(
    row: ReconciliationRow,
    entry: DirectoryEntry,
    slice: TimeWindow,
    counts: Counts,
  ): Promise<void> {
    const { database, log, metrics } = this.#options;
    const { account, tenant } = entry;
    const done = slice.until >= row.until;
    const total = { ...row, ...sum(row, counts) };
    const committed = await database.orm.transaction(async (tx) => {
      if (!(await advanceReconciliation(tx, row, { until: slice.until, counts, done }))) return false;
      if (done) await closeGaps(tx, tenant, account, total);
      failPoint('reconciler:before-commit');
      return true;
    });
    failPoint('reconciler:after-commit');
    if (!committed) return;
    for (const outcome of ['recorded', 'missing', 'late'] as const)
      metrics.listed.inc({ connector: account.connector.id, outcome }, counts[outcome]);
    if (!done) return;
    metrics.reconciliations.inc({ cause: row.cause, outcome: 'done' });
    const { observed, recorded, missing, late } = total;
    log.info(
      { account: account.id, reconciliation: row.id, cause: row.cause, observed, recorded, missing, late },
      'A window was compared with the provider.',
    );
  }

  async #storeFailure(row: ReconciliationRow, failure: Failure): Promise<void> {
    const { database, log, metrics } = this.#options;
    const { kind, retryAfterMs, message } = failure;
    const attempts = row.attempts + 1;
    const decision = decide({
      kind,
      othersGetThrough: false,
      attempts,
      pausesBefore: row.attempts,
      retryAfterMs,
      random: Math.random(),
    });
    const retryAt = decision.action === 'give-up' ? null : new Date(Date.now() + decision.delayMs);
    await storeFailedListing(database.orm, { id: row.id, failureKind: kind, failure: message, retryAt });
    metrics.reconciliations.inc({ cause: row.cause, outcome: retryAt === null ? 'failed' : kind });
    const detail = { account: row.accountId, reconciliation: row.id, failure: kind, reason: message };
    if (retryAt === null) log.error(detail, 'A window cannot be listed at the provider; its gap stays open.');
    else log.warn({ ...detail, retryAt }, 'The provider could not list a window; it will be asked again.');
  }
}

function sliceOf({ listedUntil, until }: ReconciliationRow): TimeWindow {
  const end = Math.floor((listedUntil.getTime() + sliceMs) / 1_000) * 1_000;
  return { since: listedUntil, until: end < until.getTime() ? new Date(end) : until };
}

function sum(left: Counts, right: Counts): Counts {
  return {
    observed: left.observed + right.observed,
    recorded: left.recorded + right.recorded,
    missing: left.missing + right.missing,
    late: left.late + right.late,
  };
}

function tooSlow(): Failure {
  return new Failure(
    'unavailable',
    'Listing and capturing took too long, and was ended. It goes on from what is there.',
  );
}
