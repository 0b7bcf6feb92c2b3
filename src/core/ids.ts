import { v7 } from 'uuid';
import { drawRandom } from './random.js';

let lastMs = 0;
let lastNumber = 0;

/** A new UUIDv7: ordered by time within a process, so that indexes stay compact. */
export function newId(): string {
  const random = drawRandom(16);
  const now = Date.now();
  // Within a millisecond, and while the clock goes back, ids are numbered on; 30 bits last longer than that.
  const start = firstBits(random);
  lastNumber = now > lastMs ? start : lastNumber + 1;
  lastMs = Math.max(lastMs, now);
  return v7({ random, msecs: lastMs, seq: lastNumber });
}

/** 30 bits, read one by one: asking for the memory behind so few bytes would move them out of the heap first. */
function firstBits([first = 0, second = 0, third = 0, fourth = 0]: Uint8Array): number {
  return (first << 22) | (second << 14) | (third << 6) | (fourth >> 2);
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export function isId(text: string): boolean {
  return uuidPattern.test(text);
}
