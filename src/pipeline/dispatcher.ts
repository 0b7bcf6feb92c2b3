import PQueue from 'p-queue';
import { failPoint } from '../core/failpoint.js';
import type { Database } from '../db/client.js';
import { claimLanes, type DeliveryRow, readPending } from '../db/delivery-queue.js';
import { type RecordRow, readRecordsById } from '../db/journal.js';
import { envelopeBytes, readEnvelope } from '../domain/records.js';
import type { Tenant } from '../domain/tenants.js';
import { type Delivery, Failure, type OpenSink, type Outcome } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import type { SinkHandle } from './open-sinks.js';
import { type LaneResult, Settlement } from './settlement.js';
import { WorkLoop } from './work-loop.js';

export interface DispatcherOptions {
  readonly database: Database;
  readonly tenant: Tenant;
  readonly sink: SinkHandle;
  /** Id of this process, as the holder of leases. */
  readonly node: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** Lanes that are delivered at the same time. */
const lanesMax = 32;
const perLaneMax = 50;
const leaseMs = 60_000;
/** Shorter than the lease: whoever takes the lane over must not meet us still delivering. */
const deliverTimeoutMs = 45_000;
const pollMs = 1_000;

/**
 * Brings the records of one instance to one sink. Lanes run side by side; within a lane, deliveries go out in the order of
 * the journal, and the one at the head holds back those behind it. p-queue only bounds how many lanes run at once: the
 * work itself lies in the database.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #loop: WorkLoop;
  readonly #queue = new PQueue({ concurrency: lanesMax });
  readonly #settlement: Settlement;
  readonly #active = new Set<string>();
  readonly #stopping = new AbortController();

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#settlement = new Settlement({ ...options, sink: options.sink.configured });
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) => options.log.error({ error, sink: this.sinkId }, 'The dispatcher will try again.'),
    });
  }

  get sinkId(): string {
    return this.#options.sink.configured.id;
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Lets deliveries under way finish for a moment, then aborts them; what is unfinished is due again. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#stopping.abort(), graceMs);
    await this.#loop.stop();
    await this.#queue.onIdle();
    clearTimeout(timer);
    await this.#options.sink.close();
  }

  async #portion(): Promise<boolean> {
    await this.#queue.onSizeLessThan(1);
    const { database, node } = this.#options;
    // After a pause one lane goes first: while the sink is still away, one delivery finds out and not thirty-two.
    const limit = this.#settlement.healthy ? lanesMax : 1;
    const claimed = await claimLanes(database.orm, { sinkId: this.sinkId, holder: node, limit, leaseMs });
    failPoint('dispatcher:claimed');
    const lanes = claimed.filter((lane) => !this.#active.has(lane));
    if (lanes.length === 0) return false;
    for (const lane of lanes) this.#active.add(lane);
    const work = await this.#readWork(lanes);
    for (const [lane, deliveries] of work) void this.#queue.add(() => this.#runLane(lane, deliveries));
    return true;
  }

  async #readWork(lanes: readonly string[]): Promise<Map<string, { row: DeliveryRow; record: RecordRow }[]>> {
    const { database } = this.#options;
    try {
      const pending = await readPending(database.orm, { sinkId: this.sinkId, lanes, perLaneMax });
      const ids = [...pending.values()].flat().map((row) => row.recordId);
      const records = await readRecordsById(database.orm, ids);
      const pair = (row: DeliveryRow) => ({ row, record: records.get(row.recordId) as RecordRow });
      return new Map([...pending].map(([lane, rows]) => [lane, rows.map(pair)]));
    } catch (error) {
      // The lanes stay leased for a while and are then claimed again.
      for (const lane of lanes) this.#active.delete(lane);
      throw error;
    }
  }

  async #runLane(lane: string, work: { row: DeliveryRow; record: RecordRow }[]): Promise<void> {
    try {
      const outcomes = await this.#deliver(work);
      failPoint('dispatcher:after-deliver');
      const rows = work.map(({ row }) => row);
      const result = laneResult(lane, rows, outcomes);
      // A shutdown is not a failed attempt: what it interrupted is simply due again.
      await this.#settlement.settle(this.#stopping.signal.aborted ? { ...result, failed: undefined } : result);
      failPoint('dispatcher:after-commit');
    } catch (error) {
      this.#options.log.error(
        { error, sink: this.sinkId },
        'The outcome of deliveries could not be stored; they will be tried again.',
      );
    } finally {
      this.#active.delete(lane);
      this.#loop.wake();
    }
  }

  async #deliver(work: { row: DeliveryRow; record: RecordRow }[]): Promise<Outcome[]> {
    if (work.length === 0) return [];
    const signal = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(deliverTimeoutMs)]);
    try {
      const sink: OpenSink = await this.#options.sink.get();
      const deliveries = work.map(({ row, record }) => this.#delivery(row, record));
      failPoint('dispatcher:before-deliver');
      return await sink.deliver(deliveries, signal);
    } catch (error) {
      const failure =
        error instanceof Failure
          ? error
          : new Failure('indeterminate', 'The sink failed unexpectedly.', { cause: error });
      if (failure !== error)
        this.#options.log.error({ error, sink: this.sinkId }, 'A sink threw; that is a fault in it.');
      return [{ ok: false, failure }];
    }
  }

  #delivery(row: DeliveryRow, record: RecordRow): Delivery {
    const envelope = readEnvelope(this.#options.tenant.vault, record);
    // Record and sink, no clock and no attempt number: the same on every try.
    return { idempotencyKey: `${row.recordId}/${row.sinkId}`, envelope, bytes: envelopeBytes(envelope) };
  }
}

/** Evidence up to the first failure; what lies behind a failure was not attempted, or will be found delivered already. */
function laneResult(lane: string, rows: readonly DeliveryRow[], outcomes: readonly Outcome[]): LaneResult {
  const failedAt = outcomes.findIndex((outcome) => !outcome.ok);
  const delivered = outcomes.flatMap((outcome, index) => {
    const row = rows[index];
    return outcome.ok && row !== undefined ? [{ row, evidence: outcome.evidence }] : [];
  });
  const failed = outcomes[failedAt];
  const row = rows[failedAt];
  if (failed === undefined || failed.ok || row === undefined) return { lane, delivered };
  return { lane, delivered, failed: { row, failure: failed.failure } };
}
