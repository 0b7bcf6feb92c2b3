import { describe, expect, it } from 'vitest';
import { drawRandom } from './random.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

describe('drawRandom', () => {
  it('never gives the same bytes twice, also across the end of what was fetched', () => {
    const drawn = Array.from({ length: 5_000 }, () => hex(drawRandom(24)));
    expect(new Set(drawn).size).toBe(5_000);
    expect(drawn).not.toContain('00'.repeat(24));
  });

  it('gives memory of its own', () => {
    const first = drawRandom(32);
    const before = hex(first);
    for (let round = 0; round < 1_000; round += 1) drawRandom(32).fill(0);
    expect(hex(first)).toBe(before);
    expect(first.buffer.byteLength).toBe(32);
  });

  it.each([0, -1, 1_025, Number.NaN])('refuses a length of %s', (length) => {
    expect(() => drawRandom(length)).toThrow(RangeError);
  });
});
