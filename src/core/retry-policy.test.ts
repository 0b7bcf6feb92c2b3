import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { failureKinds } from '../sdk/index.js';
import { type Circumstances, decide, retryDelaysMs } from './retry-policy.js';

const hourMs = 3_600_000;
const failed = (given: Partial<Circumstances> & Pick<Circumstances, 'kind'>): Circumstances => ({
  othersGetThrough: false,
  attempts: 1,
  pausesBefore: 0,
  random: 0,
  ...given,
});
const delayOf = (given: Parameters<typeof failed>[0]) => {
  const decision = decide(failed(given));
  return decision.action === 'give-up' ? undefined : decision.delayMs;
};

describe('the retry policy', () => {
  it.each([
    ['config', 'pause', 'wait'],
    ['auth', 'pause', 'wait'],
    ['throttled', 'pause', 'pause'],
    ['unavailable', 'pause', 'wait'],
    ['rejected', 'give-up', 'give-up'],
    ['indeterminate', 'pause', 'retry'],
  ] as const)('answers %s with %s, and with %s while others get through', (kind, alone, amongOthers) => {
    expect(decide(failed({ kind })).action).toBe(alone);
    expect(decide(failed({ kind, othersGetThrough: true })).action).toBe(amongOthers);
  });

  it('knows every kind of failure', () => {
    for (const kind of failureKinds) expect(decide(failed({ kind })).action).toMatch(/pause|give-up/);
  });

  it('tries an item that fails among others eight times over more than a day, and then gives it up', () => {
    const delays = Array.from({ length: 9 }, (_, index) =>
      delayOf({ kind: 'indeterminate', othersGetThrough: true, attempts: index + 1 }),
    );
    expect(delays).toEqual([...retryDelaysMs, undefined, undefined]);
    expect(retryDelaysMs).toHaveLength(7);
    expect(retryDelaysMs.reduce((sum, each) => sum + each)).toBeGreaterThan(24 * hourMs);
  });

  it('never gives up, and uses up no attempt, while nothing gets through, however often and however long', () => {
    const kind = fc.constantFrom('config', 'auth', 'throttled', 'unavailable', 'indeterminate');
    fc.assert(
      fc.property(kind, fc.integer({ min: 1, max: 1e6 }), fc.nat(1e6), (each, attempts, pausesBefore) => {
        const decision = decide(failed({ kind: each, attempts, pausesBefore }));
        expect(decision.action).toBe('pause');
      }),
    );
  });

  it('lets an item that the sink cannot take wait, among others, and never gives it up', () => {
    const kind = fc.constantFrom('config', 'auth', 'unavailable');
    fc.assert(
      fc.property(kind, fc.integer({ min: 1, max: 1e6 }), (each, attempts) => {
        expect(decide(failed({ kind: each, othersGetThrough: true, attempts })).action).toBe('wait');
      }),
    );
  });

  it('waits longer with each pause in a row, up to a bound', () => {
    const delays = Array.from(
      { length: 20 },
      (_, index) => delayOf({ kind: 'unavailable', pausesBefore: index })!,
    );
    expect(delays).toEqual([...delays].sort((left, right) => left - right));
    expect(delays[0]).toBe(1_000);
    expect(delays.at(-1)).toBe(300_000);
  });

  it('waits as long as the other side asks, within an hour', () => {
    expect(delayOf({ kind: 'throttled', retryAfterMs: 120_000 })).toBe(120_000);
    expect(delayOf({ kind: 'throttled', retryAfterMs: 10 })).toBe(1_000);
    expect(delayOf({ kind: 'throttled', retryAfterMs: 999 * hourMs })).toBe(hourMs);
    const among = { othersGetThrough: true, retryAfterMs: 120_000 };
    expect(delayOf({ kind: 'indeterminate', ...among })).toBe(120_000);
    expect(delayOf({ kind: 'unavailable', ...among })).toBe(120_000);
  });

  it.each([Number.NaN, Number.NEGATIVE_INFINITY, -5, undefined])(
    'takes a wish of %s for none',
    (retryAfterMs) => {
      expect(delayOf({ kind: 'throttled', retryAfterMs })).toBe(1_000);
    },
  );

  it('always gives a delay that a clock can hold, spread by a tenth at most', () => {
    const circumstances = fc.record({
      kind: fc.constantFrom(...failureKinds),
      othersGetThrough: fc.boolean(),
      attempts: fc.integer({ min: 1, max: 50 }),
      pausesBefore: fc.nat(50),
      retryAfterMs: fc.option(fc.double(), { nil: undefined }),
      random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    });
    fc.assert(
      fc.property(circumstances, (given) => {
        const decision = decide(given);
        if (decision.action === 'give-up') return;
        const least = decide({ ...given, random: 0 });
        const leastMs = least.action === 'give-up' ? 0 : least.delayMs;
        expect(Number.isSafeInteger(decision.delayMs)).toBe(true);
        expect(decision.delayMs).toBeGreaterThanOrEqual(leastMs);
        expect(decision.delayMs).toBeLessThanOrEqual(Math.ceil(leastMs * 1.1));
        expect(leastMs).toBeGreaterThanOrEqual(1_000);
      }),
    );
  });
});
