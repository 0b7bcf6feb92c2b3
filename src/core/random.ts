import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(8 * 1024);
let used = pool.length;

/**
 * Random bytes from the system, fetched many at a time: a call of the system for each few bytes was a tenth of what a
 * request costs. Each byte is given out once and wiped here.
 *
 * @param length 1 to 1,024.
 */
export function drawRandom(length: number): Uint8Array {
  if (!(length >= 1 && length <= 1_024)) throw new RangeError(`1 to 1,024 random bytes, not ${length}`);
  if (used + length > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const drawn = pool.slice(used, used + length);
  pool.fill(0, used, used + length);
  used += length;
  return drawn;
}
