import { afterEach, describe, expect, it } from 'vitest';
import { WorkLoop } from './work-loop.js';

const hour = 3_600_000;
let loop: WorkLoop | undefined;
afterEach(() => loop?.stop());

function start(work: () => Promise<boolean>, onError: (error: unknown) => void = () => undefined): WorkLoop {
  loop = new WorkLoop({ work, pollMs: hour, onError });
  loop.start();
  return loop;
}

describe('WorkLoop', () => {
  it('works on while there is more, and then sleeps', async () => {
    let left = 5;
    start(async () => {
      left -= 1;
      return left > 0;
    });
    await expect.poll(() => left).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(left).toBe(0);
  });

  it('is woken from its sleep', async () => {
    let portions = 0;
    const started = start(async () => {
      portions += 1;
      return false;
    });
    await expect.poll(() => portions).toBe(1);
    started.wake();
    await expect.poll(() => portions).toBe(2);
  });

  it('does not lose a wake-up that comes during the work', async () => {
    let portions = 0;
    let finish: () => void = () => undefined;
    const started = start(
      () =>
        new Promise((resolve) => {
          portions += 1;
          finish = () => resolve(false);
        }),
    );
    await expect.poll(() => portions).toBe(1);
    started.wake();
    finish();
    await expect.poll(() => portions).toBe(2);
    finish();
  });

  it('tells of an error and goes on', async () => {
    const errors: unknown[] = [];
    let portions = 0;
    const started = start(
      async () => {
        portions += 1;
        if (portions === 1) throw new Error('away');
        return false;
      },
      (error) => errors.push(error),
    );
    await expect.poll(() => errors.length).toBe(1);
    started.wake();
    await expect.poll(() => portions).toBe(2);
  });

  it('finishes the portion in hand when it is stopped, and begins no other', async () => {
    let portions = 0;
    let finished = false;
    const started = start(async () => {
      portions += 1;
      await new Promise((resolve) => setTimeout(resolve, 30));
      finished = true;
      return true;
    });
    await started.stop();
    expect(finished).toBe(true);
    expect(portions).toBe(1);
    started.wake();
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(portions).toBe(1);
  });

  it('may be stopped before it was started', async () => {
    const idle = new WorkLoop({ work: async () => true, pollMs: 1, onError: () => undefined });
    await expect(idle.stop()).resolves.toBeUndefined();
  });
});
