import type { Envelope } from 'archway/sdk';
import { sampleEnvelopes } from 'archway/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isLocator, placeOf } from './layout.js';

const [message, , receipt] = sampleEnvelopes({ count: 3 }) as [Envelope, Envelope, Envelope];

/** The sample message with other fields in its skeleton, valid or not. */
function withSkeleton(fields: object): Envelope {
  return { ...message, skeleton: { ...message.skeleton, ...fields } };
}

describe('the place of an envelope', () => {
  test('is instance, day of receipt in UTC, conversation, and a name that sorts by sequence', () => {
    const envelope = withSkeleton({
      instance: '01a207bd-a9c0-7828-a79b-97d98914879b',
      conversation: '01a207bd-a9c0-7aaa-a79b-97d98914879b',
      id: '01a207bd-a9c0-7bbb-a79b-97d98914879b',
      sequence: 42,
      times: { received: '2026-01-31T23:59:59.999Z', recorded: '2026-02-01T00:00:00.100Z' },
    });
    expect(placeOf(envelope).locator).toBe(
      '01a207bd-a9c0-7828-a79b-97d98914879b/2026/01/31/01a207bd-a9c0-7aaa-a79b-97d98914879b/' +
        '000000000042-message-inbound-01a207bd-a9c0-7bbb-a79b-97d98914879b.json',
    );
  });

  test('has no direction for a record that has none, and a folder for what is in no conversation', () => {
    const { conversation: _, ...skeleton } = receipt.skeleton;
    const { file, folders } = placeOf({ ...receipt, skeleton });
    expect(file).toBe(`000000000003-receipt-${skeleton.id}.json`);
    expect(folders.at(-1)).toBe('no-conversation');
  });

  test('does not depend on any text of the content', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1 }), (text, value) => {
        const content = { ...message.content, text, key: value, conversation: value, channel: value };
        const place = placeOf({ ...message, content } as Envelope);
        expect(place.locator).toBe(placeOf(message).locator);
      }),
    );
  });

  test.each([
    ['instance', '../../etc'],
    ['id', `${message.skeleton.id}/..`],
    ['conversation', '..'],
    ['kind', 'message/../..'],
    ['sequence', -1],
    ['sequence', 1.5],
    ['times', { received: '../..T', recorded: '2026-01-01T00:00:00.000Z' }],
  ])('is refused where %s is %j', (field, value) => {
    expect(() => placeOf(withSkeleton({ [field]: value }))).toThrow(
      expect.objectContaining({ kind: 'rejected', message: expect.stringContaining(field) }),
    );
  });
});

describe('a locator', () => {
  test('is known by its form', () => {
    for (const envelope of sampleEnvelopes({ count: 14 }))
      expect(isLocator(placeOf(envelope).locator)).toBe(true);
  });

  test('that could lead elsewhere is none', () => {
    const { locator } = placeOf(message);
    for (const other of [
      '',
      '/',
      `/${locator}`,
      `../${locator}`,
      `${locator}/..`,
      `${locator}\n`,
      `${locator}\0`,
    ]) {
      expect(isLocator(other)).toBe(false);
    }
    expect(isLocator(locator.replace(/[^/]+$/, '..'))).toBe(false);
    expect(isLocator(locator.replaceAll('/', '\\'))).toBe(false);
  });
});
