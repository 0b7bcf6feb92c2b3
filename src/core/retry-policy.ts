import type { FailureKind } from '../sdk/index.js';

/**
 * All retry policy, as one table over the kind of failure and over whether the sink took something else meanwhile. Plugins
 * name a kind and never choose a delay.
 *
 * - `pause`: nothing gets through, so it is the sink and not the item: no attempt is used up; the sink as a whole waits and
 *   is then tried with one lane. An outage alone never makes a dead letter.
 * - `wait`: others get through, so it may be the item: its lane waits and holds up nobody; no attempt is used up.
 * - `retry`: the item is tried again by the schedule, and is a dead letter after its last attempt.
 * - `give-up`: a dead letter at once; it would be refused again.
 */
export type Decision =
  | { readonly action: 'pause' | 'wait' | 'retry'; readonly delayMs: number }
  | { readonly action: 'give-up' };

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Delay before attempt 2, 3, … of one item. */
export const retryDelaysMs: readonly number[] = [
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  10 * hour,
];

/** Delay of a paused sink: short at first, since most outages are; never long, since only one item is tried. */
const pauseDelaysMs: readonly number[] = [
  1 * second,
  5 * second,
  15 * second,
  30 * second,
  1 * minute,
  5 * minute,
];

const retryAfterMaxMs = 1 * hour;

/** Delay of a lane whose head fails while others get through. */
const waitMs = 5 * second;

interface Actions {
  /** When nothing else gets through. */
  readonly alone: Decision['action'];
  /** When the sink took something else meanwhile. */
  readonly amongOthers: Decision['action'];
}

const actions: Record<FailureKind, Actions> = {
  config: { alone: 'pause', amongOthers: 'wait' },
  auth: { alone: 'pause', amongOthers: 'wait' },
  throttled: { alone: 'pause', amongOthers: 'pause' },
  unavailable: { alone: 'pause', amongOthers: 'wait' },
  rejected: { alone: 'give-up', amongOthers: 'give-up' },
  indeterminate: { alone: 'pause', amongOthers: 'retry' },
};

export interface Circumstances {
  readonly kind: FailureKind;
  /** Whether the sink took something else since this item was tried before, or while it was being tried. */
  readonly othersGetThrough: boolean;
  /** Attempts of this item, the failed one included; from 1. */
  readonly attempts: number;
  /** Pauses of the sink in a row before this one; from 0. */
  readonly pausesBefore: number;
  readonly retryAfterMs?: number | undefined;
  /** A number in [0, 1) that spreads the retries of many items. */
  readonly random: number;
}

export function decide(circumstances: Circumstances): Decision {
  const { kind, othersGetThrough, attempts, pausesBefore } = circumstances;
  const action = actions[kind][othersGetThrough ? 'amongOthers' : 'alone'];
  if (action === 'give-up') return { action };
  if (action === 'wait') return { action, delayMs: jittered(waitMs, circumstances) };
  if (action === 'retry') {
    const delayMs = retryDelaysMs[attempts - 1];
    if (delayMs === undefined) return { action: 'give-up' };
    return { action, delayMs: jittered(delayMs, circumstances) };
  }
  const last = pauseDelaysMs.length - 1;
  const delayMs = pauseDelaysMs[Math.min(pausesBefore, last)] as number;
  return { action, delayMs: jittered(delayMs, circumstances) };
}

/** What can come of fetching an attachment: the kinds of failure, and other bytes than the provider had promised. */
export type MediaFailureKind = FailureKind | 'damaged';

const mediaActions: Record<MediaFailureKind, Decision['action']> = {
  config: 'pause',
  auth: 'pause',
  throttled: 'retry',
  unavailable: 'retry',
  indeterminate: 'retry',
  rejected: 'give-up',
  damaged: 'retry',
};

/** A transfer that was disturbed may be better the next time; after a few tries the bytes are what they are. */
const damagedAttemptsMax = 3;

/**
 * The same for the fetching of attachments, where an outage is the item's own: `retry` goes on for a bit more than a day,
 * and giving up means that the bytes are gone. `pause` holds all of its account, since the next would fare no better.
 */
export function decideMedia(circumstances: MediaCircumstances): Decision {
  const { kind, attempts } = circumstances;
  const action = mediaActions[kind];
  if (action === 'give-up') return { action };
  if (action === 'pause') {
    return { action, delayMs: jittered(pauseDelaysMs.at(-1) as number, circumstances) };
  }
  const delayMs =
    kind === 'damaged' && attempts >= damagedAttemptsMax ? undefined : retryDelaysMs[attempts - 1];
  return delayMs === undefined
    ? { action: 'give-up' }
    : { action, delayMs: jittered(delayMs, circumstances) };
}

export interface MediaCircumstances extends Pick<Circumstances, 'attempts' | 'retryAfterMs' | 'random'> {
  readonly kind: MediaFailureKind;
}

/** Up to a tenth more; and at least what the other side asked for, within bounds. */
function jittered(
  delayMs: number,
  { random, retryAfterMs = 0 }: Pick<Circumstances, 'random' | 'retryAfterMs'>,
): number {
  // A sink that could not read its Retry-After says NaN, which is no wish.
  const asked = Number.isNaN(retryAfterMs) ? 0 : Math.min(Math.max(retryAfterMs, 0), retryAfterMaxMs);
  return Math.round(Math.max(delayMs, asked) * (1 + random / 10));
}
