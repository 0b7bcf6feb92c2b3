import { type Decision, decide } from '../core/retry-policy.js';
import type { Database, Queries } from '../db/client.js';
import {
  type DeliveryRow,
  type FailedTry,
  type NewEvidence,
  releaseLanes,
  storeEvidence,
  storeFailedTries,
} from '../db/delivery-queue.js';
import { countOutcomes, readLastDelivery } from '../db/sink-counts.js';
import { markSinkHealthy, pauseSink, readPauses } from '../db/sinks.js';
import { sealEvidence } from '../domain/evidence.js';
import type { ConfiguredSink } from '../domain/sinks.js';
import type { Tenant } from '../domain/tenants.js';
import type { Evidence, Failure } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { GroupCommit } from './group-commit.js';

/** One delivery that was not made. */
export interface FailedDelivery {
  readonly row: DeliveryRow;
  readonly failure: Failure;
}

/** What came of one lane's turn. */
export interface LaneResult {
  readonly lane: string;
  /** When the sink was called, as `performance.now()`. */
  readonly startedAt: number;
  readonly delivered: readonly { readonly row: DeliveryRow; readonly evidence: Evidence }[];
  /** Those that were rejected, and then, as the last one, a head that may still be kept. */
  readonly failed: readonly FailedDelivery[];
}

export interface SettlementOptions {
  readonly database: Database;
  readonly tenant: Tenant;
  readonly sink: ConfiguredSink;
  readonly node: string;
  readonly log: Log;
  readonly metrics: Metrics;
}

const groupMax = 64;

/**
 * Transaction 3 of the path: evidence, retry or dead letter, and the lane given back. Lanes that end together share a
 * transaction.
 */
export class Settlement {
  readonly #options: SettlementOptions;
  readonly #group: GroupCommit<LaneResult, undefined>;
  /** False from a pause until the next delivery that succeeds. */
  #healthy: boolean;
  /** As `performance.now()`. */
  #lastDeliveredAt = Number.NEGATIVE_INFINITY;

  constructor(options: SettlementOptions) {
    this.#options = options;
    this.#healthy = options.sink.trouble === null;
    this.#group = new GroupCommit({ groupMax, commit: (results) => this.#commit(results) });
  }

  get healthy(): boolean {
    return this.#healthy;
  }

  /** Resolves when the result is committed. */
  async settle(result: LaneResult): Promise<void> {
    if (result.delivered.length > 0) this.#lastDeliveredAt = performance.now();
    await this.#group.submit(result);
  }

  async #commit(results: readonly LaneResult[]): Promise<undefined[]> {
    const { database, node, sink } = this.#options;
    const succeeded = results.some((result) => result.delivered.length > 0);
    const settled = await database.orm.transaction(async (tx) => {
      const evidence = results.flatMap((result) => this.#evidenceRows(result));
      const delivered = await storeEvidence(tx, evidence);
      const { pauses, paused } = await readPauses(tx, sink.id);
      const pausesBefore = pausesInARow(pauses, { paused, succeeded });
      const judged = await this.#judge(tx, results, pausesBefore);
      await storeFailedTries(tx, judged.flat().map(failedTry));
      const pausing = longestPause(judged.flat());
      if (pausing !== undefined) await this.#pause(tx, pausing, pausesBefore + 1);
      const lanes = results.map(({ lane }, index) => ({ lane, retryInMs: retryInMs(judged[index]?.at(-1)) }));
      await releaseLanes(tx, { sinkId: sink.id, holder: node, lanes });
      // A success during a pause began before it, and says nothing about the end of it.
      const recovered = succeeded && !paused && pausing === undefined;
      if (recovered && pauses > 0) await markSinkHealthy(tx, sink.id);
      const { id: sinkId, instanceId } = sink;
      await countOutcomes(tx, { sinkId, instanceId, delivered, failed: judged.flat().length });
      return { judged, pausing: pausing !== undefined, recovered };
    });
    this.#observe(results, settled.judged.flat());
    if (settled.pausing) this.#healthy = false;
    else if (settled.recovered) this.#healthy = true;
    return results.map(() => undefined);
  }

  /** What follows from each failure, by lane. */
  async #judge(tx: Queries, results: readonly LaneResult[], pausesBefore: number): Promise<Judged[][]> {
    if (results.every(({ failed }) => failed.length === 0)) return results.map(() => []);
    const lastDelivery = await readLastDelivery(tx, this.#options.sink.id);
    return results.map((result) => {
      const meanwhile = result.delivered.length > 0 || this.#lastDeliveredAt >= result.startedAt;
      return result.failed.map(({ row, failure }) => {
        const { kind, retryAfterMs } = failure;
        // An item that failed before was changed by that, and by nothing since.
        const since = row.failureKind !== null && lastDelivery !== null && lastDelivery > row.changedAt;
        const decision = decide({
          kind,
          othersGetThrough: meanwhile || since,
          attempts: row.attempts + 1,
          pausesBefore,
          retryAfterMs,
          random: Math.random(),
        });
        return { row, failure, decision };
      });
    });
  }

  /** A group pauses its sink once. */
  async #pause(tx: Queries, { failure, delayMs }: Pausing, pauses: number): Promise<void> {
    const { kind: failureKind, message } = failure;
    await pauseSink(tx, { sinkId: this.#options.sink.id, delayMs, pauses, failureKind, failure: message });
  }

  #evidenceRows(result: LaneResult): NewEvidence[] {
    const { tenant } = this.#options;
    return result.delivered.map(({ row, evidence }) => ({
      deliveryId: row.id,
      instanceId: row.instanceId,
      sealed: sealEvidence(tenant.vault, row.id, evidence),
      sha256: Buffer.from(evidence.sha256, 'hex'),
      storedAt: new Date(evidence.storedAt),
      retainedUntil: evidence.retainedUntil === undefined ? null : new Date(evidence.retainedUntil),
    }));
  }

  #observe(results: readonly LaneResult[], judged: readonly Judged[]): void {
    const { log, metrics, sink } = this.#options;
    for (const { delivered } of results) {
      metrics.deliveries.inc({ sink: sink.id, outcome: 'delivered' }, delivered.length);
    }
    for (const { row, failure, decision } of judged) {
      const { kind, message } = failure;
      metrics.deliveries.inc({ sink: sink.id, outcome: kind });
      if (decision.action === 'give-up') metrics.deadLetters.inc({ sink: sink.id });
      log.warn(
        { sink: sink.id, delivery: row.id, failure: kind, reason: message, action: decision.action },
        'A delivery failed.',
      );
    }
  }
}

interface Judged extends FailedDelivery {
  readonly decision: Decision;
}

interface Pausing {
  readonly failure: Failure;
  readonly delayMs: number;
}

/** No lane that it holds back waits longer than the pause: by that the end of the pause tells them from others. */
function longestPause(judged: readonly Judged[]): Pausing | undefined {
  const pauses = judged.flatMap(({ failure, decision }) =>
    decision.action === 'pause' ? [{ failure, delayMs: decision.delayMs }] : [],
  );
  return pauses.toSorted((left, right) => right.delayMs - left.delayMs)[0];
}

const effects = { pause: 'waits', wait: 'waits', retry: 'retries', 'give-up': 'dead' } as const;

function failedTry({ row, failure, decision }: Judged): FailedTry {
  const effect = effects[decision.action];
  return { delivery: row, failureKind: failure.kind, failure: failure.message, effect };
}

/** What fails during a pause had begun before it, and is part of it: thirty-two lanes are one outage. */
function pausesInARow(
  pauses: number,
  { paused, succeeded }: { paused: boolean; succeeded: boolean },
): number {
  if (paused) return pauses - 1;
  return succeeded ? 0 : pauses;
}

/**
 * Of a lane whose last failure this was. In a pause, too, it goes behind the others: were its head the cause, it would
 * otherwise be tried first every time, and nobody would find out that others get through.
 */
function retryInMs(last: Judged | undefined): number {
  return last === undefined || last.decision.action === 'give-up' ? 0 : last.decision.delayMs;
}
