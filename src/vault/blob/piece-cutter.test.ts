import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PieceCutter } from './piece-cutter.js';

test('cuts pieces of any size into pieces of one size; only the last is shorter, and it is empty only for nothing', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 30 }), { maxLength: 10 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 12 }), (given, length) => {
      const cutter = new PieceCutter(length);
      const cut: Uint8Array[] = [];
      for (const piece of given) {
        for (const full of cutter.add(piece)) cut.push(Uint8Array.from(full));
      }
      for (const full of cut) expect(full).toHaveLength(length);
      const whole = Buffer.concat(given);
      expect(cutter.rest.length).toBeLessThanOrEqual(length);
      expect(cutter.rest.length === 0).toBe(whole.length === 0);
      expect(Buffer.concat([...cut, cutter.rest]).equals(whole)).toBe(true);
    }),
  );
});
