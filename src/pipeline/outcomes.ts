import { z } from 'zod';
import type { DeliveryRow } from '../db/delivery-queue.js';
import { Failure, failureKinds, type Outcome } from '../sdk/index.js';
import type { LaneResult } from './settlement.js';

const failureTextMax = 2_000;

/** As much as is needed to store it: one sink's careless answer must not spoil the transaction of other lanes. */
const evidenceSchema = z.object({
  locator: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  storedAt: z.string().refine(isTime),
  retainedUntil: z.string().refine(isTime).optional(),
});

function isTime(text: string): boolean {
  return !Number.isNaN(Date.parse(text));
}

/**
 * What came of one lane's turn. All evidence counts, wherever it stands; of the failures those up to the first that may
 * pass, since what lies behind it was not attempted. The answer comes from a plugin, so it is checked: an item without a
 * usable outcome has failed.
 */
export function laneResult(
  turn: Pick<LaneResult, 'lane' | 'startedAt'>,
  rows: readonly DeliveryRow[],
  outcomes: readonly Outcome[],
): LaneResult {
  const delivered: LaneResult['delivered'][number][] = [];
  const failed: LaneResult['failed'][number][] = [];
  rows.forEach((row, index) => {
    const outcome = checkOutcome(outcomes[index]);
    if (outcome.ok) delivered.push({ row, evidence: outcome.evidence });
    else if (failed.every(({ failure }) => failure.kind === 'rejected'))
      failed.push({ row, failure: outcome.failure });
  });
  return { ...turn, delivered, failed };
}

function checkOutcome(outcome: Outcome | undefined): Outcome {
  if (outcome?.ok === true && evidenceSchema.safeParse(outcome.evidence).success) return outcome;
  const failure = outcome?.ok === false ? asFailure(outcome.failure) : undefined;
  if (failure !== undefined) return { ok: false, failure };
  return {
    ok: false,
    failure: new Failure('indeterminate', 'The sink gave no usable outcome; that is a fault in it.'),
  };
}

/**
 * A failure fit to be stored, or undefined for anything else. Known by its shape, since a plugin may bring its own copy of
 * the SDK.
 */
export function asFailure(given: unknown): Failure | undefined {
  if (!(given instanceof Error) || given.name !== 'Failure') return undefined;
  const { kind, retryAfterMs } = given as Failure;
  if (!failureKinds.includes(kind)) return undefined;
  const message = given.message.toWellFormed().replaceAll('\0', '\uFFFD').slice(0, failureTextMax);
  return new Failure(kind, message, {
    cause: given,
    ...(typeof retryAfterMs === 'number' ? { retryAfterMs } : {}),
  });
}
