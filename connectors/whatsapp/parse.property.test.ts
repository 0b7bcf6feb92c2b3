import { type Capture, eventSchema } from 'archway/sdk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { endpoints, parse } from './parse.js';
import { captureOf, subject } from './testing.js';

const given = { ownAddresses: [] };

/** The outcome is a value of the contract, each event is valid, keys are unique, and a second reading is equal. */
function expectSound(capture: Capture): void {
  const parsed = parse(capture, given);
  expect(parse(capture, given)).toEqual(parsed);
  if (parsed.kind !== 'events') {
    expect(parsed.reason.length).toBeGreaterThan(0);
    return;
  }
  expect(parsed.events.length).toBeGreaterThan(0);
  for (const event of parsed.events) {
    expect(eventSchema.parse(event)).toEqual(event);
    expect(JSON.parse(JSON.stringify(event), wellFormedOnly)).toEqual(event);
  }
  expect(new Set(parsed.events.map((event) => event.key)).size).toBe(parsed.events.length);
}

const wellFormedOnly = (_: string, value: unknown) =>
  typeof value === 'string' ? value.toWellFormed() : value;

const fixture = fc.constantFrom(...subject.fixtures.map(({ capture }) => capture));
const endpoint = fc.constantFrom(...Object.keys(endpoints), 'unknown', '__proto__');

/** Puts another value somewhere into a body. */
function changed(value: unknown, path: readonly number[], replacement: unknown): unknown {
  const [step, ...rest] = path;
  if (step === undefined || typeof value !== 'object' || value === null) return replacement;
  const entries = Object.entries(value);
  if (entries.length === 0) return replacement;
  const place = step % entries.length;
  const next = entries.map(([name, each], index) => [
    name,
    index === place ? changed(each, rest, replacement) : each,
  ]);
  return Array.isArray(value)
    ? next.map(([, each]) => each)
    : Object.fromEntries(next as [string, unknown][]);
}

const odd = fc.oneof(
  fc.jsonValue(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom('\ud800', 'x'.repeat(5_000), -1, 1e300, '99999999999999999999', '@', '1@s.whatsapp.net'),
);

describe('parse', () => {
  it('makes something of any bytes at any endpoint', () => {
    fc.assert(
      fc.property(endpoint, fc.uint8Array({ maxLength: 300 }), (name, body) =>
        expectSound({ ...captureOf(name, ''), body }),
      ),
    );
  });

  it('makes something of any JSON at any endpoint', () => {
    fc.assert(fc.property(endpoint, fc.jsonValue(), (name, body) => expectSound(captureOf(name, body))));
  });

  it('makes something of what was captured with any part of it changed', () => {
    fc.assert(
      fc.property(
        fixture,
        fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
        odd,
        (capture, path, other) => {
          const text = Buffer.from(capture.body).toString('utf8');
          fc.pre(text.startsWith('{"'));
          const body = changed(JSON.parse(text), path, other);
          expectSound(captureOf(capture.endpoint, body, capture.provenance));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('survives a body that is nested deeper than any stack', () => {
    const deep = `${'{"ephemeralMessage":{"message":'.repeat(20_000)}{}${'}}'.repeat(20_000)}`;
    const body = `{"stanza":{"attrs":{"id":"A","from":"1202555@s.whatsapp.net"}},"payload":"","message":${deep}}`;
    expectSound(captureOf('message', body));
    const list = `${'['.repeat(50_000)}${']'.repeat(50_000)}`;
    expectSound(
      captureOf(
        'message',
        body.replace(deep, `{"templateMessage":{"hydratedTemplate":{"buttons":${list}}}}`),
      ),
    );
  });
});
