import { isDeepStrictEqual } from 'node:util';
import PQueue from 'p-queue';
import { failPoint } from '../core/failpoint.js';
import type { Database } from '../db/client.js';
import { claimLanes, type DeliveryRow, extendLane, readPending } from '../db/delivery-queue.js';
import { type RecordRow, readRecordsById } from '../db/journal.js';
import type { AttachmentRow } from '../db/message-log.js';
import type { Blobs } from '../domain/blobs.js';
import { ErasedError, envelopeBytes, readEnvelope } from '../domain/records.js';
import type { ConfiguredSink } from '../domain/sinks.js';
import type { Tenant } from '../domain/tenants.js';
import { type Delivery, Failure } from '../sdk/index.js';
import { type Log, pluginFault } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { SealError } from '../vault/index.js';
import { deliveryAttachment, readBrought } from './delivery-attachments.js';
import { SinkHandle } from './open-sinks.js';
import { laneResult } from './outcomes.js';
import { type LaneResult, Settlement } from './settlement.js';
import { callSink } from './sink-call.js';
import { WorkLoop } from './work-loop.js';

export interface DispatcherOptions {
  readonly database: Database;
  readonly tenant: Tenant;
  readonly sink: SinkHandle;
  readonly blobs: Blobs;
  /** Id of this process, as the holder of leases. */
  readonly node: string;
  /** Asked before each portion of work, to stand back for what is more urgent. */
  readonly calm?: () => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a sink may take before it is told to stop. */
  readonly deliverTimeoutMs?: number;
  /** How long it may take after that. */
  readonly abandonMs?: number;
}

/** Lanes that are delivered at the same time, and with those that wait for their turn. */
const lanesMax = 32;
const claimedMax = 4 * lanesMax;
/** Lanes are claimed when so few are left in hand, and many at a time: each claim is a commit. */
const claimedMin = 2 * lanesMax;
const perLaneMax = 50;
/**
 * Longer than a lane may wait for its turn, deliver, and be given up together: whoever takes the lane over must not meet us
 * still delivering.
 */
const leaseMs = 60_000;
const turnWaitMaxMs = 5_000;
const defaultDeliverTimeoutMs = 40_000;
const defaultAbandonMs = 5_000;
/** A sink that takes bytes more slowly than this, one megabyte in a second, does not take them. */
const slowestBytesPerMs = 1_000;
const pollMs = 1_000;

type Turn = Pick<LaneResult, 'lane' | 'startedAt'>;

interface Work {
  readonly row: DeliveryRow;
  readonly record: RecordRow;
  /** What the record brings, where it is of the kind `attachment`. */
  readonly brought: AttachmentRow | undefined;
}

/**
 * Brings the records of one instance to one sink. Lanes run side by side; within a lane, deliveries go out in the order of
 * the journal, and the one at the head holds back those behind it. p-queue only bounds how many lanes run at once: the
 * work itself lies in the database.
 */
export class Dispatcher {
  readonly #options: Required<DispatcherOptions>;
  #sink: SinkHandle;
  readonly #loop: WorkLoop;
  readonly #queue = new PQueue({ concurrency: lanesMax });
  readonly #settlement: Settlement;
  readonly #active = new Set<string>();
  /** Deliveries under way. Not one signal for all: a signal that lives long keeps every other that is derived from it. */
  readonly #underWay = new Set<AbortController>();
  #aborted = false;

  constructor(options: DispatcherOptions) {
    this.#options = {
      calm: async () => undefined,
      deliverTimeoutMs: defaultDeliverTimeoutMs,
      abandonMs: defaultAbandonMs,
      ...options,
    };
    this.#sink = options.sink;
    this.#settlement = new Settlement({ ...options, sink: options.sink.configured });
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) => options.log.error({ error, sink: this.sinkId }, 'The dispatcher will try again.'),
    });
  }

  get sinkId(): string {
    return this.#sink.configured.id;
  }

  start(): void {
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Lets deliveries under way finish for a moment, then aborts them; what is unfinished is due again. */
  async stop(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#abort(), graceMs);
    await this.#loop.stop();
    await this.#queue.onIdle();
    clearTimeout(timer);
    await this.#close(this.#sink);
  }

  /**
   * Takes over the sink's settings where they have changed. Deliveries under way end with the old ones; by its contract, a
   * sink waits for them in its disposal.
   */
  configure(configured: ConfiguredSink): void {
    if (isDeepStrictEqual(configured.settings, this.#sink.configured.settings)) return;
    const replaced = this.#sink;
    this.#sink = new SinkHandle(configured);
    void this.#close(replaced);
    this.#loop.wake();
  }

  #abort(): void {
    this.#aborted = true;
    for (const delivering of this.#underWay) delivering.abort();
  }

  /** A sink that hangs in its disposal must not hold up the shutdown. */
  async #close(sink: SinkHandle): Promise<void> {
    const { log, abandonMs } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('It did not close in time.')), abandonMs);
    });
    try {
      await Promise.race([sink.close(), late]);
    } catch (error) {
      log.error({ fault: pluginFault(error), sink: this.sinkId }, 'A sink could not be closed.');
    } finally {
      clearTimeout(timer);
    }
  }

  async #portion(): Promise<boolean> {
    await this.#options.calm();
    const { database, node } = this.#options;
    // After a pause one lane goes first: while the sink is still away, one delivery finds out and not thirty-two.
    const limit = (this.#settlement.healthy ? claimedMax : 1) - this.#active.size;
    if (limit < 1 || this.#active.size > claimedMin) return false;
    const claimedAt = performance.now();
    const claim = { sinkId: this.sinkId, holder: node, active: [...this.#active], limit, leaseMs };
    const lanes = await claimLanes(database.orm, claim);
    failPoint('dispatcher:claimed');
    if (lanes.length === 0) return false;
    for (const lane of lanes) this.#active.add(lane);
    for (const [lane, work] of await this.#readWork(lanes)) {
      void this.#queue.add(() => this.#runLane(lane, work, claimedAt));
    }
    return true;
  }

  async #readWork(lanes: readonly string[]): Promise<Map<string, Work[]>> {
    const { database } = this.#options;
    try {
      const pending = await readPending(database.orm, { sinkId: this.sinkId, lanes, perLaneMax });
      const ids = [...pending.values()].flat().map((row) => row.recordId);
      const records = await readRecordsById(database.orm, ids);
      const brought = await readBrought(database.orm, records.values());
      const pair = (row: DeliveryRow) => ({
        row,
        record: records.get(row.recordId) as RecordRow,
        brought: brought.get(row.recordId),
      });
      return new Map([...pending].map(([lane, rows]) => [lane, rows.map(pair)]));
    } catch (error) {
      // The lanes stay leased for a while and are then claimed again.
      for (const lane of lanes) this.#active.delete(lane);
      throw error;
    }
  }

  async #runLane(lane: string, work: readonly Work[], claimedAt: number): Promise<void> {
    try {
      const late = performance.now() - claimedAt > turnWaitMaxMs;
      const turn = { lane, startedAt: performance.now() };
      const untried = { ...turn, delivered: [], failed: [] };
      const result = late || this.#aborted ? untried : await this.#deliver(turn, work);
      failPoint('dispatcher:after-deliver');
      // A shutdown is not a failed attempt: what it interrupted is simply due again.
      await this.#settlement.settle(this.#aborted ? { ...result, failed: [] } : result);
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

  async #deliver(turn: Turn, work: readonly Work[]): Promise<LaneResult> {
    const { deliveries, unreadable } = this.#openRecords(work);
    if (deliveries.length === 0) return { ...turn, delivered: [], failed: unreadable };
    const rows = work.slice(0, deliveries.length).map(({ row }) => row);
    const { log, abandonMs } = this.#options;
    const sink = this.#sink;
    const timeoutMs = await this.#timeFor(turn.lane, deliveries);
    const underWay = new AbortController();
    const timer = setTimeout(() => underWay.abort(), timeoutMs);
    this.#underWay.add(underWay);
    try {
      const outcomes = await callSink({ sink, deliveries, signal: underWay.signal, abandonMs, log });
      return laneResult(turn, rows, outcomes);
    } finally {
      clearTimeout(timer);
      this.#underWay.delete(underWay);
    }
  }

  /** Bytes may take longer than the lease of a lane lasts; then it is made to last. */
  async #timeFor(lane: string, deliveries: readonly Delivery[]): Promise<number> {
    const { database, node, deliverTimeoutMs } = this.#options;
    const attachments = deliveries.flatMap((delivery) => delivery.attachments ?? []);
    const lengthBytes = attachments.reduce((sum, { byteLength }) => sum + byteLength, 0);
    const transferMs = Math.ceil(lengthBytes / slowestBytesPerMs);
    if (transferMs > 0) {
      const extension = { sinkId: this.sinkId, lane, holder: node, leaseMs: leaseMs + transferMs };
      await extendLane(database.orm, extension);
    }
    return deliverTimeoutMs + transferMs;
  }

  /**
   * The deliveries before the first record that cannot be read: those ahead of it are not to blame. A head that failed
   * before goes alone: were one behind it what makes the sink fail, it would use up the attempts of all ahead of it.
   */
  #openRecords(work: readonly Work[]): { deliveries: Delivery[]; unreadable: LaneResult['failed'] } {
    const deliveries: Delivery[] = [];
    const failedBefore = (work[0]?.row.failureKind ?? null) !== null;
    for (const each of failedBefore ? work.slice(0, 1) : work) {
      try {
        deliveries.push(this.#delivery(each));
        // The bytes of one at a time: what lies behind it waits no longer than they need.
        if (each.brought !== undefined) break;
      } catch (error) {
        if (!(error instanceof SealError || error instanceof ErasedError)) throw error;
        const failure = new Failure('rejected', error.message, { cause: error });
        return { deliveries, unreadable: [{ row: each.row, failure }] };
      }
    }
    return { deliveries, unreadable: [] };
  }

  #delivery({ row, record, brought }: Work): Delivery {
    const { tenant, blobs } = this.#options;
    const envelope = readEnvelope(tenant.vault, record);
    // Record and sink, no clock and no attempt number: the same on every try.
    const idempotencyKey = `${row.recordId}/${row.sinkId}`;
    const attachments = brought && [deliveryAttachment(tenant, blobs, brought)];
    return { idempotencyKey, envelope, bytes: envelopeBytes(envelope), ...(attachments && { attachments }) };
  }
}
