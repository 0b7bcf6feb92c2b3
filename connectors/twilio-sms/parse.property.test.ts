import { type Capture, eventSchema } from 'archway/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from './parse.js';
import { captureOf, subject } from './testing.js';

/** The outcome is a value of the contract, each event is valid, keys are unique, and a second reading is equal. */
function expectSound(capture: Capture): void {
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

const fixture = fc.constantFrom(...subject.fixtures.map(({ capture }) => capture));

const fieldName = fc.oneof(
  fc.constantFrom(
    'MessageSid',
    'SmsSid',
    'From',
    'To',
    'Body',
    'MessageStatus',
    'SmsStatus',
    'ErrorCode',
    'ErrorMessage',
  ),
  fc.constantFrom(
    'NumMedia',
    'MediaUrl0',
    'MediaContentType0',
    'MediaUrl1',
    'OptOutType',
    'ProfileName',
    'FromCity',
  ),
  fc.constantFrom(
    'Latitude',
    'Longitude',
    'OriginalRepliedMessageSid',
    'OtherRecipients0',
    'NumSegments',
    '__proto__',
  ),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: 'binary', minLength: 90, maxLength: 120 }),
);

const fieldValue = fc.oneof(
  fc.constantFrom(
    'SM1',
    'MM1',
    '+12025550123',
    'whatsapp:+12025550100',
    'rcs:brand',
    ':',
    'a:',
    '20255',
    'received',
  ),
  fc.constantFrom('sent', 'delivered', 'STOP', 'START', '', '0', '2', '-1', '1e9', '\0', '\u{1f44d}'),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .tuple(fc.integer({ min: 90, max: 5_000 }), fc.constantFrom('x', '\u{1f44d}', 'y\u{1f44d}', 'whatsapp:'))
    .map(([length, part]) => part.repeat(length)),
);

describe('parse gives a sound value', () => {
  it('for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (body) => expectSound(captureOf('messages', body))),
      { numRuns: 2_000 },
    );
  });

  it('for any fields, known and unknown', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 25 }), (fields) =>
        expectSound(captureOf('messages', new URLSearchParams(fields).toString())),
      ),
      { numRuns: 3_000 },
    );
  });

  it('for any fields in the place of a valid message’s or status’s', () => {
    const valid = { MessageSid: 'SM1', From: '+12025550123', To: '+12025550100' };
    const kinds = fc.constantFrom({ Body: 'hello' }, { MessageStatus: 'sent' });
    fc.assert(
      fc.property(kinds, fc.array(fc.tuple(fieldName, fieldValue), { maxLength: 8 }), (kind, fields) => {
        const all = { ...valid, ...kind, ...Object.fromEntries(fields) };
        expectSound(captureOf('status', new URLSearchParams(all).toString()));
      }),
      { numRuns: 3_000 },
    );
  });

  it('for every truncation of a fixture', () => {
    for (const { capture } of subject.fixtures) {
      for (let length = 0; length < capture.body.length; length += 7) {
        expectSound({ ...capture, body: capture.body.subarray(0, length) });
      }
    }
  });

  it('for flipped bits in a fixture', () => {
    const flips = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 7 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(fixture, flips, (capture, places) => {
        const body = Uint8Array.from(capture.body);
        for (const [place, bit] of places) {
          const index = place % Math.max(body.length, 1);
          body[index] = (body[index] ?? 0) ^ (1 << bit);
        }
        expectSound({ ...capture, body });
      }),
      { numRuns: 3_000 },
    );
  });

  it('for any content type', () => {
    fc.assert(
      fc.property(fixture, fc.string({ unit: 'binary' }), (capture, contentType) =>
        expectSound({ ...capture, headers: { 'content-type': contentType } }),
      ),
      { numRuns: 500 },
    );
    expectSound({ ...captureOf('messages', 'Body=a'), headers: {} });
  });
});
