import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Watchdog } from './watchdog.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('a socket that says nothing is noticed, one that says something is not, and one that has ended neither', () => {
  const onSilent = vi.fn();
  const watchdog = new Watchdog(onSilent, 90_000);
  vi.advanceTimersByTime(89_000);
  watchdog.seen();
  vi.advanceTimersByTime(89_000);
  expect(onSilent).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1_000);
  expect(onSilent).toHaveBeenCalledOnce();
  watchdog.seen();
  watchdog.end();
  vi.advanceTimersByTime(500_000);
  expect(onSilent).toHaveBeenCalledOnce();
});
