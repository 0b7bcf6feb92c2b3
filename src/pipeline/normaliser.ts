import { failPoint } from '../core/failpoint.js';
import type { Database } from '../db/client.js';
import { isDatabaseUnavailable } from '../db/errors.js';
import { type ClaimedCapture, claimCaptures, clearSuspicion } from '../db/inbox.js';
import { LeaseLostError } from '../db/journal.js';
import { acquireLease, type Lease, releaseLease } from '../db/leases.js';
import type { Account } from '../domain/accounts.js';
import { openCapture } from '../domain/captures.js';
import type { Tenant } from '../domain/tenants.js';
import type { Capture, Provenance } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { SealError } from '../vault/index.js';
import type { AccountDirectory } from './account-directory.js';
import { originOf } from './origin.js';
import { describeError, type Reading, readCapture } from './reading.js';
import { type Read, record } from './recorder.js';
import { WorkLoop } from './work-loop.js';

export interface NormaliserOptions {
  readonly database: Database;
  readonly directory: AccountDirectory;
  readonly tenant: Tenant;
  /** Id of this process, as the holder of leases. */
  readonly node: string;
  /** Asked before each portion of work, to stand back for what is more urgent. */
  readonly calm?: () => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
}

const batchMax = 256;
const leaseMs = 30_000;
const pollMs = 1_000;
/** A capture that was claimed this often and never settled has taken its process down each time. */
const attemptsMax = 5;

/**
 * Turns the captures of one instance into records. It is the only writer of that instance's journal while it holds the
 * lease, and passes it on when it stops.
 */
export class Normaliser {
  readonly #options: NormaliserOptions;
  readonly #loop: WorkLoop;
  #lease: Lease | null = null;

  constructor(options: NormaliserOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) =>
        options.log.error({ error, instance: options.tenant.id }, 'The normaliser will try again.'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    if (this.#lease !== null)
      await releaseLease(this.#options.database.orm, this.#lease).catch(() => undefined);
  }

  async #portion(): Promise<boolean> {
    await this.#options.calm?.();
    const { database, tenant, node } = this.#options;
    const name = `journal/${tenant.id}`;
    this.#lease = await acquireLease(database.orm, {
      name,
      instanceId: tenant.id,
      holder: node,
      durationMs: leaseMs,
    });
    if (this.#lease === null) return false;
    const rows = await this.#claim();
    failPoint('normaliser:claimed');
    if (rows.length === 0) return false;
    await this.#settle(rows, this.#lease);
    return true;
  }

  #claim(): Promise<ClaimedCapture[]> {
    const { database, tenant, directory } = this.#options;
    const accountIds = directory.accountIdsOf(tenant.id);
    return claimCaptures(database.orm, { instanceId: tenant.id, accountIds, limit: batchMax });
  }

  async #settle(rows: readonly ClaimedCapture[], lease: Lease): Promise<void> {
    try {
      const reads = rows.map((row) => this.#read(row));
      await this.#clear(rows);
      await this.#recordAll(reads, lease);
    } catch (error) {
      if (isDatabaseUnavailable(error) || error instanceof LeaseLostError) {
        await clearSuspicion(
          this.#options.database.orm,
          rows.map(({ id }) => id),
        ).catch(() => undefined);
        throw error;
      }
      await this.#settleOneByOne(rows, lease, error);
    }
  }

  /** A capture that was tried before and has now been read did not end the process: what does from here on is not its doing. */
  async #clear(rows: readonly ClaimedCapture[]): Promise<void> {
    const suspects = rows.filter((row) => row.attempts > 1).map(({ id }) => id);
    if (suspects.length > 0) await clearSuspicion(this.#options.database.orm, suspects);
  }

  /** One capture spoils the transaction of its neighbours: each gets its own, and the culprit goes to quarantine. */
  async #settleOneByOne(rows: readonly ClaimedCapture[], lease: Lease, error: unknown): Promise<void> {
    if (rows.length > 1) {
      for (const row of rows) await this.#settle([row], lease);
      return;
    }
    this.#options.log.error(
      { error, capture: rows[0]?.id },
      'A capture could not be recorded; it goes to quarantine.',
    );
    const reading: Reading = { kind: 'quarantined', reason: 'recording-error', detail: describeError(error) };
    await this.#recordAll(
      rows.map((row) => ({ ...this.#read(row), reading })),
      lease,
    );
  }

  async #recordAll(reads: readonly Read[], lease: Lease): Promise<void> {
    const { database, tenant, metrics } = this.#options;
    const recorded = await database.orm.transaction(async (tx) => {
      const result = await record(tx, tenant, lease, reads);
      failPoint('normaliser:before-commit');
      return result;
    });
    failPoint('normaliser:after-commit');
    for (const kind of recorded.kinds) metrics.records.inc({ kind });
    metrics.duplicates.inc(recorded.duplicates);
    metrics.unmatchedRecords.inc(recorded.unmatched);
    for (const { captureId, reason } of recorded.quarantined) {
      metrics.quarantined.inc({ reason });
      this.#options.log.warn({ capture: captureId, reason }, 'A capture went into quarantine.');
    }
  }

  #read(row: ClaimedCapture): Read {
    const account = this.#accountOf(row);
    const origin = originOf(account, row.provenance as Provenance);
    const capture = openOrReason(this.#options.tenant, row);
    if ('reading' in capture) return { source: { row, capture: undefined, account, origin }, ...capture };
    const source = { row, capture, account, origin };
    if (row.attempts > attemptsMax) {
      const detail = `Reading it ended the process ${attemptsMax} times.`;
      return { source, reading: { kind: 'quarantined', reason: 'parser-error', detail } };
    }
    return { source, reading: readCapture(account, capture) };
  }

  #accountOf({ id, accountId }: ClaimedCapture): Account | undefined {
    if (accountId === null) return undefined;
    const account = this.#options.directory.get(accountId)?.account;
    if (account === undefined)
      throw new Error(`Capture ${id} is for account ${accountId}, which is not loaded.`);
    return account;
  }
}

/** A capture whose bytes were damaged or moved must not stop those behind it. */
function openOrReason(tenant: Tenant, row: ClaimedCapture): Capture | { reading: Reading } {
  try {
    return openCapture(tenant.vault, row);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    return { reading: { kind: 'quarantined', reason: 'unreadable', detail: describeError(error) } };
  }
}
