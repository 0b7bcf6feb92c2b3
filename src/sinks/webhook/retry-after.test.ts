import { expect, test } from 'vitest';
import { retryAfterMs } from './retry-after.js';

const now = new Date('2026-11-23T10:00:00.000Z');
const dayMs = 86_400_000;

test.each([
  ['0', 0],
  ['120', 120_000],
  [' 7 ', 7_000],
  ['Mon, 23 Nov 2026 10:01:30 GMT', 90_000],
  ['Monday, 23-Nov-26 10:01:30 GMT', 90_000],
  ['Mon Nov 23 10:01:30 2026', 90_000],
  ['Sun, 22 Nov 2026 10:00:00 GMT', 0],
  ['86401', dayMs],
  ['9'.repeat(400), dayMs],
  ['Tue, 23 Nov 2027 10:00:00 GMT', dayMs],
])('"%s" asks for %d ms', (header, expected) => {
  expect(retryAfterMs(header, now)).toBe(expected);
});

test.each([
  undefined,
  '',
  'soon',
  '-5',
  '1.5',
  '5 minutes',
  '2026-11-23T10:01:30Z',
  'Mon, 99 Foo 2026 10:00:00 GMT',
])('"%s" asks for nothing', (header) => {
  expect(retryAfterMs(header, now)).toBeUndefined();
});
