import { failPoint } from '../core/failpoint.js';
import { newId } from '../core/ids.js';
import type { Database } from '../db/client.js';
import { isDatabaseUnavailable } from '../db/errors.js';
import { type CaptureRow, insertCaptures } from '../db/inbox.js';
import { sealCapture } from '../domain/captures.js';
import type { Capture } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { InstanceVault } from '../vault/index.js';
import { Courtesy } from './courtesy.js';
import { GroupCommit } from './group-commit.js';
import type { Spool } from './spool.js';
import { WorkLoop } from './work-loop.js';

export interface IngestOptions {
  readonly database: Database;
  readonly spool: Spool;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a commit may take before the group goes to the spool instead. */
  readonly commitTimeoutMs?: number;
}

/** The database did not answer in time. It may have committed: the captures' ids make a second insert harmless. */
class CommitTimeoutError extends Error {
  readonly code = 'CONNECT_TIMEOUT';
}

const groupMax = 256;
/**
 * So many make a second group worth its fixed cost at the server while the first is being committed. Without it the door waits
 * for the server, then the server for the door.
 */
const overlapMin = 16;
const drainChunk = 500;
const retryDatabaseMs = 1_000;

/**
 * The door to the inbox. `accept` MUST resolve only after the capture is durable: committed in the database, or synced to
 * the spool while the database is away. Whoever called may then acknowledge upstream, and not before.
 *
 * While the spool holds anything, new captures join its end, so that acceptance order survives an outage.
 */
export class Ingest {
  readonly #options: Required<IngestOptions>;
  readonly #group: GroupCommit<CaptureRow, undefined>;
  readonly #drainer: WorkLoop;
  /** What moves the spool takes turns. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Groups that wait for their turn at the spool; what comes after them must not pass them. */
  #queued = 0;
  #databaseRetryAt = 0;
  readonly #courtesy = new Courtesy();

  constructor(options: IngestOptions) {
    this.#options = { commitTimeoutMs: 5_000, ...options };
    this.#group = new GroupCommit({ groupMax, overlapMin, commit: (rows) => this.#commit(rows) });
    this.#drainer = new WorkLoop({
      work: () => this.#inTurn(() => this.#drain()),
      pollMs: retryDatabaseMs,
      onError: (error) => options.log.error({ error }, 'The spool could not be drained; it is kept.'),
    });
  }

  start(): void {
    this.#drainer.start();
  }

  /**
   * Makes a capture durable and returns its id.
   *
   * @throws {SpoolFullError} when neither the database nor the spool can take it.
   */
  async accept(vault: InstanceVault, capture: Capture): Promise<string> {
    const row = sealCapture(vault, newId(), capture);
    failPoint('ingest:received');
    await this.ahead(1, () => this.#group.submit(row));
    failPoint('ingest:before-reply');
    return row.id;
  }

  /** Work to which what lies behind the inbox gives way: the commit of so many captures. */
  async ahead<Value>(captures: number, work: () => Promise<Value>): Promise<Value> {
    this.#courtesy.enter(captures);
    try {
      return await work();
    } finally {
      this.#courtesy.leave(captures);
    }
  }

  /** Lets requests go first; the work behind the inbox asks before each portion. */
  calm(): Promise<void> {
    return this.#courtesy.calm();
  }

  /** Waits for what was accepted; call after the listener is closed. */
  async stop(): Promise<void> {
    await this.#group.idle();
    await this.#drainer.stop();
    await this.#options.spool.close();
  }

  async #commit(rows: CaptureRow[]): Promise<(undefined | Error)[]> {
    this.#options.metrics.ingestGroupSize.observe(rows.length);
    const inserted = this.#queued === 0 ? await this.#insertIfThere(rows) : undefined;
    if (inserted !== undefined) return inserted;
    this.#queued += 1;
    try {
      return await this.#inTurn(() => this.#insertOrAppend(rows));
    } finally {
      this.#queued -= 1;
    }
  }

  /** The spool may have been drained while the group waited for its turn. */
  async #insertOrAppend(rows: readonly CaptureRow[]): Promise<(undefined | Error)[]> {
    const inserted = await this.#insertIfThere(rows);
    if (inserted !== undefined) return inserted;
    const { spool, metrics } = this.#options;
    await spool.append(rows);
    metrics.spooledCaptures.inc(rows.length);
    return rows.map(() => undefined);
  }

  /** Undefined while the spool holds anything or the database is away. */
  async #insertIfThere(rows: readonly CaptureRow[]): Promise<(undefined | Error)[] | undefined> {
    if (!this.#options.spool.isEmpty || Date.now() < this.#databaseRetryAt) return undefined;
    try {
      return await this.#insert(rows);
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      this.#databaseAway(error);
      return undefined;
    }
  }

  /** @throws only when the database is away; a row that it refuses fails alone. */
  async #insert(rows: readonly CaptureRow[]): Promise<(undefined | Error)[]> {
    failPoint('ingest:before-commit');
    try {
      await this.#insertInTime(rows);
      failPoint('ingest:after-commit');
      return rows.map(() => undefined);
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      if (rows.length === 1) return [error as Error];
    }
    // One row spoils the statement for its neighbours: each gets a statement of its own.
    const results: (undefined | Error)[] = [];
    for (const row of rows) results.push(...(await this.#insert([row])));
    return results;
  }

  async #insertInTime(rows: readonly CaptureRow[]): Promise<void> {
    const { database, commitTimeoutMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const error = new CommitTimeoutError('The database did not answer in time.');
        // What is sent next must not wait behind this one.
        database.renewInOrder(error);
        reject(error);
      }, commitTimeoutMs);
    });
    try {
      await Promise.race([insertCaptures(database, rows), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #databaseAway(error: unknown): void {
    this.#databaseRetryAt = Date.now() + retryDatabaseMs;
    this.#options.log.warn({ error }, 'The database is away; captures go to the spool.');
  }

  /** Moves the oldest spool file into the inbox; true when there is another. */
  async #drain(): Promise<boolean> {
    const { spool, log, metrics } = this.#options;
    metrics.spoolWaiting.set(spool.isEmpty ? 0 : 1);
    if (spool.isEmpty || Date.now() < this.#databaseRetryAt) return false;
    const file = await spool.readOldest();
    if (file === undefined) return false;
    const refused = await this.#insertFile(file.rows);
    if (refused === undefined) return false;
    const setAside = file.damaged || refused > 0;
    await spool.finish(file, { setAside });
    log.info({ captures: file.rows.length, file: file.name }, 'Drained a spool file into the inbox.');
    if (setAside) {
      log.error(
        { file: file.name, damaged: file.damaged, refused },
        'A spool file holds captures that could not be taken; it was kept as .damaged. Compare with the provider.',
      );
    }
    return !spool.isEmpty;
  }

  /** Returns how many rows the database refused; undefined while it is away. */
  async #insertFile(rows: readonly CaptureRow[]): Promise<number | undefined> {
    let refused = 0;
    try {
      for (let start = 0; start < rows.length; start += drainChunk) {
        const results = await this.#insert(rows.slice(start, start + drainChunk));
        refused += results.filter((result) => result instanceof Error).length;
      }
    } catch (error) {
      if (!isDatabaseUnavailable(error)) throw error;
      this.#databaseAway(error);
      return undefined;
    }
    return refused;
  }

  #inTurn<Value>(work: () => Promise<Value>): Promise<Value> {
    const turn = this.#turn.then(work, work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}
