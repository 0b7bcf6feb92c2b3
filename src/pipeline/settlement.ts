import { type Decision, decide } from '../core/retry-policy.js';
import type { Database, Queries } from '../db/client.js';
import {
  type DeliveryRow,
  type NewEvidence,
  releaseLanes,
  storeEvidence,
  storeFailedAttempt,
} from '../db/delivery-queue.js';
import { markSinkHealthy, pauseSink, readPauses } from '../db/tenancy.js';
import { sealEvidence } from '../domain/evidence.js';
import type { ConfiguredSink } from '../domain/sinks.js';
import type { Tenant } from '../domain/tenants.js';
import type { Evidence, Failure } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { GroupCommit } from './group-commit.js';

/** What came of one lane's turn. */
export interface LaneResult {
  readonly lane: string;
  readonly delivered: readonly { readonly row: DeliveryRow; readonly evidence: Evidence }[];
  /** The head of what is left. */
  readonly failed?: { readonly row: DeliveryRow; readonly failure: Failure } | undefined;
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
    await this.#group.submit(result);
  }

  async #commit(results: readonly LaneResult[]): Promise<undefined[]> {
    const { database, node, sink } = this.#options;
    const settled = await database.orm.transaction(async (tx) => {
      await storeEvidence(
        tx,
        results.flatMap((result) => this.#evidenceRows(result)),
      );
      const succeeded = results.some((result) => result.delivered.length > 0);
      const { pauses, paused } = await readPauses(tx, sink.id);
      const pausesBefore = pausesInARow(pauses, { paused, succeeded });
      const decisions = await this.#storeFailures(tx, results, pausesBefore);
      const lanes = results.map(({ lane }, index) => ({ lane, retryInMs: retryInMs(decisions[index]) }));
      await releaseLanes(tx, { sinkId: sink.id, holder: node, lanes });
      const pausing = decisions.some((decision) => decision?.action === 'pause');
      // A success during a pause began before it, and says nothing about the end of it.
      const recovered = succeeded && !paused && !pausing;
      if (recovered) await markSinkHealthy(tx, sink.id);
      return { decisions, pausing, recovered };
    });
    this.#observe(results, settled.decisions);
    if (settled.pausing) this.#healthy = false;
    else if (settled.recovered) this.#healthy = true;
    return results.map(() => undefined);
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

  /** One decision per result; undefined where nothing failed. A group pauses its sink once. */
  async #storeFailures(
    tx: Queries,
    results: readonly LaneResult[],
    pausesBefore: number,
  ): Promise<(Decision | undefined)[]> {
    let paused = false;
    const decisions: (Decision | undefined)[] = [];
    for (const { failed } of results) {
      if (failed === undefined) {
        decisions.push(undefined);
        continue;
      }
      const { kind, retryAfterMs, message } = failed.failure;
      const attempts = failed.row.attempts + 1;
      const decision = decide({ kind, attempts, pausesBefore, retryAfterMs, random: Math.random() });
      decisions.push(decision);
      if (decision.action !== 'pause') {
        const dead = decision.action === 'give-up';
        await storeFailedAttempt(tx, { delivery: failed.row, failureKind: kind, failure: message, dead });
      } else if (!paused) {
        paused = true;
        const { delayMs } = decision;
        const pauses = pausesBefore + 1;
        const sinkId = this.#options.sink.id;
        await pauseSink(tx, { sinkId, delayMs, pauses, failureKind: kind, failure: message });
      }
    }
    return decisions;
  }

  #observe(results: readonly LaneResult[], decisions: readonly (Decision | undefined)[]): void {
    const { log, metrics, sink } = this.#options;
    results.forEach(({ delivered, failed }, index) => {
      metrics.deliveries.inc({ sink: sink.id, outcome: 'delivered' }, delivered.length);
      if (failed === undefined) return;
      const { kind, message } = failed.failure;
      const action = decisions[index]?.action;
      metrics.deliveries.inc({ sink: sink.id, outcome: kind });
      if (action === 'give-up') metrics.deadLetters.inc({ sink: sink.id });
      log.warn(
        { sink: sink.id, delivery: failed.row.id, failure: kind, reason: message, action },
        'A delivery failed.',
      );
    });
  }
}

/** What fails during a pause had begun before it, and is part of it: thirty-two lanes are one outage. */
function pausesInARow(
  pauses: number,
  { paused, succeeded }: { paused: boolean; succeeded: boolean },
): number {
  if (paused) return pauses - 1;
  return succeeded ? 0 : pauses;
}

function retryInMs(decision: Decision | undefined): number {
  return decision?.action === 'retry' ? decision.delayMs : 0;
}
