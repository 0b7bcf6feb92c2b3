import { describe, expect, it } from 'vitest';
import { Courtesy } from './courtesy.js';

function open() {
  let now = 1_000_000;
  const courtesy = new Courtesy(() => now);
  return {
    courtesy,
    pass: (durationMs: number) => {
      now += durationMs;
    },
    crowd: (count = 20) => {
      for (let each = 0; each < count; each += 1) courtesy.enter();
      for (let each = 0; each < count; each += 1) courtesy.leave();
    },
  };
}

describe('work behind the inbox', () => {
  it('does not wait when nobody is there', async () => {
    const { courtesy } = open();
    expect(courtesy.limitMs).toBe(0);
    await courtesy.calm();
  });

  it('stands back a moment for a single request, and goes on when it is answered', () => {
    const { courtesy } = open();
    courtesy.enter();
    expect(courtesy.limitMs).toBe(200);
    courtesy.leave();
    expect(courtesy.limitMs).toBe(0);
  });

  it('takes many captures of one commit for a crowd', () => {
    const { courtesy } = open();
    courtesy.enter(100);
    expect(courtesy.limitMs).toBe(5_000);
    courtesy.leave(100);
    courtesy.enter(3);
    courtesy.leave(3);
    expect(courtesy.limitMs).toBe(5_000);
  });

  it('stands back for seconds while a crowd is served, also between two of its commits', () => {
    const { courtesy, pass, crowd } = open();
    crowd();
    pass(50);
    expect(courtesy.limitMs).toBeGreaterThan(4_000);
    pass(100);
    expect(courtesy.limitMs).toBe(0);
  });

  it('gets its share when the crowd stays', () => {
    const { courtesy, pass, crowd } = open();
    const limits: number[] = [];
    for (let elapsedMs = 0; elapsedMs < 150_000; elapsedMs += 50) {
      crowd();
      limits.push(courtesy.limitMs);
      pass(50);
    }
    expect(limits[0]).toBe(5_000);
    expect(limits).toEqual([...limits].sort((left, right) => right - left));
    expect(limits.at(-1)).toBe(200);
  });

  it('is as courteous to a new crowd as to the first', () => {
    const { courtesy, pass, crowd } = open();
    crowd();
    pass(200_000);
    crowd();
    expect(courtesy.limitMs).toBe(5_000);
  });

  it('waits no longer than the limit although requests keep waiting', async () => {
    const courtesy = new Courtesy();
    courtesy.enter();
    await courtesy.calm();
    expect(courtesy.limitMs).toBe(200);
  });
});
