import { type Capture, eventSchema, type Parsed } from 'archway/sdk';
import type { Fixture } from 'archway/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { captureOf } from '../testing.js';

/** What the properties of a parser need to know about it. */
export interface ParserSubject {
  parse(capture: Capture): Parsed;
  readonly fixtures: readonly Fixture[];
  /** Where unknown forms are posted to. */
  readonly endpoint: string;
  /** Fields that the parser reads, and values that it looks for in them. */
  readonly fieldNames: readonly string[];
  readonly fieldValues: readonly string[];
  /** Forms that parse to events, to which strange fields are added. */
  readonly valid: readonly Readonly<Record<string, string>>[];
}

/** Tests that whatever arrives gives a value of the contract, the same every time. */
export function describeParser(subject: ParserSubject): void {
  const { endpoint, fixtures } = subject;
  const captures = fixtures.map(({ capture }) => capture);
  const fields = fieldsOf(subject);
  const sound = (capture: Capture) => expectSound(subject, capture);
  describe('parse gives a sound value', () => {
    it('for any bytes', () => {
      const bytes = fc.uint8Array({ maxLength: 400 });
      fc.assert(
        fc.property(bytes, (body) => sound(captureOf(endpoint, body))),
        { numRuns: 2_000 },
      );
    });

    it('for any fields, known and unknown', () => {
      fc.assert(
        fc.property(fc.array(fields, { maxLength: 25 }), (all) =>
          sound(captureOf(endpoint, new URLSearchParams(all).toString())),
        ),
        { numRuns: 3_000 },
      );
    });

    it('for any fields in the place of valid ones', () => {
      const valid = fc.constantFrom(...subject.valid);
      fc.assert(
        fc.property(valid, fc.array(fields, { maxLength: 8 }), (form, others) => {
          const all = { ...form, ...Object.fromEntries(others) };
          sound(captureOf(endpoint, new URLSearchParams(all).toString()));
        }),
        { numRuns: 3_000 },
      );
    });

    it('for every truncation of a fixture', () => {
      for (const capture of captures)
        for (let length = 0; length < capture.body.length; length += 7)
          sound({ ...capture, body: capture.body.subarray(0, length) });
    });

    it('for flipped bits in a fixture', () => {
      const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })), {
        minLength: 1,
        maxLength: 8,
      });
      fc.assert(
        fc.property(fc.constantFrom(...captures), flips, (capture, places) =>
          sound({ ...capture, body: flipped(capture.body, places) }),
        ),
        { numRuns: 3_000 },
      );
    });

    it('for any content type', () => {
      fc.assert(
        fc.property(fc.constantFrom(...captures), fc.string({ unit: 'binary' }), (capture, contentType) =>
          sound({ ...capture, headers: { 'content-type': contentType } }),
        ),
        { numRuns: 500 },
      );
      sound({ ...captureOf(endpoint, 'Body=a'), headers: {} });
    });
  });
}

/** The outcome is a value of the contract, each event is valid, keys are unique, and a second reading is equal. */
function expectSound({ parse }: ParserSubject, capture: Capture): void {
  const parsed = parse(capture);
  expect(parse(capture)).toEqual(parsed);
  if (parsed.kind !== 'events') {
    expect(parsed.reason.length).toBeGreaterThan(0);
    return;
  }
  expect(parsed.events.length).toBeGreaterThan(0);
  for (const event of parsed.events) {
    // Equal to what went in: the schema drops nothing, and every string is well-formed.
    expect(eventSchema.parse(event)).toEqual(event);
    expect(JSON.stringify(event)).not.toMatch(/\\ud[89a-f]/i);
  }
  expect(new Set(parsed.events.map((event) => event.key)).size).toBe(parsed.events.length);
}

function fieldsOf({ fieldNames, fieldValues }: ParserSubject): fc.Arbitrary<[string, string]> {
  const name = fc.oneof(
    { arbitrary: fc.constantFrom(...fieldNames, '__proto__'), weight: 3 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 8 }), weight: 1 },
    { arbitrary: fc.string({ unit: 'binary', minLength: 90, maxLength: 120 }), weight: 1 },
  );
  const long = fc
    .tuple(fc.integer({ min: 90, max: 5_000 }), fc.constantFrom('x', '\u{1f44d}', 'y\u{1f44d}', 'whatsapp:'))
    .map(([length, part]) => part.repeat(length));
  const value = fc.oneof(
    {
      arbitrary: fc.constantFrom(...fieldValues, '', '0', '2', '-1', '1e9', '\0', '\u{1f44d}', ':', 'a:'),
      weight: 2,
    },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 30 }), weight: 1 },
    { arbitrary: long, weight: 1 },
  );
  return fc.tuple(name, value);
}

function flipped(bytes: Uint8Array, places: readonly (readonly [place: number, bit: number])[]): Uint8Array {
  const changed = Uint8Array.from(bytes);
  for (const [place, bit] of places) {
    const index = place % Math.max(changed.length, 1);
    changed[index] = (changed[index] ?? 0) ^ (1 << bit);
  }
  return changed;
}
