import { expect, test } from 'vitest';
import { readJson } from './json.js';

test.each([
  ['{"a":[1]}', { a: [1] }],
  ['null', null],
  ['', undefined],
  ['{"a":', undefined],
])('%j is read as %j', (text, value) => {
  expect(readJson(new TextEncoder().encode(text))).toEqual(value);
});

test('bytes that are no UTF-8 are no JSON, whatever they spell otherwise', () => {
  expect(readJson(Uint8Array.from([0x22, 0xff, 0x22]))).toBeUndefined();
});
