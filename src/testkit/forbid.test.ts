import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { withoutSurroundings } from './forbid.js';

/** Runs a call that hides its failure, as a careless plugin would. */
function reachedBy(call: () => unknown): readonly string[] {
  return withoutSurroundings(() => {
    try {
      return call();
    } catch (error) {
      return error;
    }
  }).reachedFor;
}

describe('without surroundings', () => {
  test.each([
    ['Date.now()', () => Date.now()],
    ['new Date()', () => new Date()],
    ['Math.random()', () => Math.random()],
    ['fetch()', () => fetch('https://example.com')],
    ['a file, by a named import', () => readFileSync('/dev/null')],
    ['randomness, by a named import', () => randomUUID()],
    ['the global crypto', () => crypto.randomUUID()],
    ['the environment', () => process.env.HOME],
    ['a timer', () => setTimeout(() => undefined, 1)],
  ])('%s is noticed even if the failure is caught', (_, call) => {
    expect(reachedBy(call)).toHaveLength(1);
  });

  test('a given time can be read, and a pure call is returned', () => {
    const { value, reachedFor } = withoutSurroundings(() => new Date('2026-11-23T09:30:00Z').toISOString());
    expect(value).toBe('2026-11-23T09:30:00.000Z');
    expect(reachedFor).toEqual([]);
  });

  test('everything works again afterwards, also after an exception', () => {
    expect(() => withoutSurroundings(() => Date.now())).toThrow('the clock');
    expect(Date.now()).toBeGreaterThan(0);
    expect(new Date()).toBeInstanceOf(Date);
    expect(randomUUID()).toHaveLength(36);
    expect(readFileSync('/dev/null')).toHaveLength(0);
    expect(process.env.PATH).toBeTypeOf('string');
  });
});
