import { expect, it } from 'vitest';
import { packBytes } from './pack-bytes.js';

it('bytes that travel as one are cut up where each began, empty ones and nulls included', () => {
  const packed = packBytes([Uint8Array.of(1, 2), null, new Uint8Array(0), Uint8Array.of(3)]);
  expect([...Buffer.from(packed.base64, 'base64')]).toEqual([1, 2, 3]);
  expect(packed.firsts).toEqual([1, 3, 3, 3]);
  expect(packed.lengths).toEqual([2, null, 0, 1]);
});
