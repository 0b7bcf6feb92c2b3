import type { Capture } from '../sdk/index.js';
import { type Random, seededRandom } from './random.js';

/** How many positions of one body are tried; a body that has more is sampled. */
const positionsMax = 300;

/**
 * A capture and its damaged forms, always the same for the same capture: every truncation and bit flip of its body (a
 * sample of those where the body is long), invalid UTF-8, random bytes, odd headers and URLs, and bodies built to
 * exhaust a parser. One at a time, since together they would fill the memory.
 */
export function* damagedForms(capture: Capture): Generator<Capture> {
  const random = seededRandom(capture.body.byteLength + 1);
  yield capture;
  yield* truncations(capture, random);
  yield* bitFlips(capture, random);
  for (const body of strangeBodies(capture.body, random)) yield { ...capture, body };
  yield* strangeSurroundings(capture);
}

/** A capture whose body says nothing at all in any format, and whose URL has no query. */
export function meaninglessForm(capture: Capture, seed: number): Capture {
  const random = seededRandom(seed);
  // Letters only, so that no separator of any format splits them into something that could be known.
  const text = Array.from({ length: 64 }, () => String.fromCharCode(97 + random.below(26))).join('');
  return { ...capture, url: capture.url.replace(/\?.*$/s, ''), body: new TextEncoder().encode(text) };
}

/** Bit flips of the body, `count` of them at most. */
export function* bitFlips(capture: Capture, random: Random, count = positionsMax): Generator<Capture> {
  for (const position of positionsIn(capture.body.byteLength * 8, random, count)) {
    const body = Uint8Array.from(capture.body);
    body[position >> 3] = (body[position >> 3] as number) ^ (1 << (position & 7));
    yield { ...capture, body };
  }
}

function* truncations(capture: Capture, random: Random): Generator<Capture> {
  for (const length of positionsIn(capture.body.byteLength, random, positionsMax)) {
    yield { ...capture, body: capture.body.slice(0, length) };
  }
}

function positionsIn(length: number, random: Random, count: number): number[] {
  if (length <= count) return Array.from({ length }, (_, index) => index);
  return Array.from({ length: count }, () => random.below(length));
}

function strangeBodies(body: Uint8Array, random: Random): Uint8Array[] {
  const text = new TextEncoder();
  const middle = body.byteLength >> 1;
  const insert = (...bytes: number[]) =>
    Uint8Array.from([...body.slice(0, middle), ...bytes, ...body.slice(middle)]);
  return [
    insert(0xff),
    insert(0xc3),
    insert(0xc0, 0x80),
    insert(0xed, 0xa0, 0x80),
    insert(0xf4, 0x90, 0x80, 0x80),
    insert(0x00),
    insert(0xef, 0xbb, 0xbf),
    Uint8Array.from([0xef, 0xbb, 0xbf, ...body]),
    Uint8Array.from([...body, ...body]),
    ...[1, 2, 16, 256, 4096].map((length) => random.bytes(length)),
    ...['null', '0', '""', '[]', '{}', '[null]', '{"__proto__":{"a":1}}', '&', '=', '%', '%ff=%', '<a/>'].map(
      (value) => text.encode(value),
    ),
    text.encode('['.repeat(20_000)),
    text.encode('{"a":'.repeat(20_000)),
    text.encode('a=b&'.repeat(10_000)),
    text.encode(`${'a'.repeat(200_000)}=${'b'.repeat(200_000)}`),
    text.encode('__proto__=1&constructor=2&toString=3&hasOwnProperty=4'),
  ];
}

function* strangeSurroundings(capture: Capture): Generator<Capture> {
  yield { ...capture, headers: {} };
  for (const type of [
    '',
    'application/json',
    'application/x-www-form-urlencoded',
    'text/plain; charset=x',
    '\ufffd',
  ]) {
    yield { ...capture, headers: { ...capture.headers, 'content-type': type } };
  }
  yield { ...capture, method: 'GET', body: new Uint8Array() };
  for (const query of ['%', '%ff=1', 'a=%zz', '__proto__=1', 'a'.repeat(50_000)]) {
    yield { ...capture, url: `${capture.url}${capture.url.includes('?') ? '&' : '?'}${query}` };
  }
}
