import { describe, expect, it } from 'vitest';
import { type EndReason, endReasons, nextStep, readStanding, reasonOf, standingAfter } from './reconnect.js';

const now = new Date('2026-11-23T09:30:00.000Z');
const standing = (reason: EndReason, failures = 1) => ({ reason, failures, at: now.toISOString() });

describe('the code that ends a connection', () => {
  it.each([
    [515, 'restart-required'],
    [408, 'connection-lost'],
    [428, 'connection-lost'],
    [503, 'unavailable'],
    [440, 'replaced'],
    [401, 'logged-out'],
    [403, 'banned'],
    [500, 'bad-session'],
    [405, 'outdated'],
    [undefined, 'unknown'],
    [999, 'unknown'],
  ] as const)('%s means %s', (code, reason) => {
    expect(reasonOf(code)).toBe(reason);
  });
});

describe('what is done next', () => {
  it('a restart that the server asks for is made at once, but not without end', () => {
    expect(nextStep(standing('restart-required'), 0.5)).toMatchObject({ kind: 'connect', delayMs: 0 });
    expect(nextStep(standing('restart-required', 9), 0.5)).toMatchObject({ kind: 'connect' });
    expect(nextStep(standing('restart-required', 9), 0.5)).not.toMatchObject({ delayMs: 0 });
  });

  it.each(['connection-lost', 'unavailable', 'silent', 'unknown'] as const)(
    '%s is tried again, later each time, with jitter, up to five minutes',
    (reason) => {
      const delays = [1, 2, 5, 30].map((failures) => {
        const least = nextStep(standing(reason, failures), 0);
        const most = nextStep(standing(reason, failures), 0.999);
        if (least.kind !== 'connect' || most.kind !== 'connect') throw new Error('It waits.');
        expect(least.delayMs).toBeLessThan(most.delayMs);
        return most.delayMs;
      });
      expect(delays).toEqual(delays.toSorted((left, right) => left - right));
      expect(Math.max(...delays)).toBeLessThanOrEqual(300_000);
    },
  );

  it.each([
    'replaced',
    'logged-out',
    'banned',
    'outdated',
    'not-linked-in-time',
    'other-phone',
    'other-number',
  ] as const)('%s waits for the operator, and says what to do', (reason) => {
    const step = nextStep(standing(reason), 0.5);
    expect(step).toMatchObject({ kind: 'wait', forget: ['logged-out', 'other-phone'].includes(reason) });
    expect(step.health.action).toContain('archway account link');
    expect(step.health.detail).toBeTruthy();
  });

  it('keys that are refused are tried three times', () => {
    const kinds = [1, 2, 3].map((failures) => nextStep(standing('bad-session', failures), 0).kind);
    expect(kinds).toEqual(['connect', 'connect', 'wait']);
  });
});

describe('the count of failures', () => {
  it('grows from one connection to the next, and begins anew after one that was open for a while', () => {
    const first = standingAfter(undefined, 'unavailable', { openMs: 0, now });
    const second = standingAfter(first, 'connection-lost', { openMs: 10, now });
    const third = standingAfter(second, 'connection-lost', { openMs: 3_600_000, now });
    expect([first.failures, second.failures, third.failures]).toEqual([1, 2, 1]);
  });

  it('is kept over a restart', () => {
    for (const reason of endReasons) {
      expect(readStanding(JSON.stringify(standing(reason, 4)))).toEqual(standing(reason, 4));
    }
    expect(readStanding(undefined)).toBeUndefined();
    expect(
      readStanding(JSON.stringify({ reason: 'of another version', failures: 1, at: '' })),
    ).toBeUndefined();
  });
});
