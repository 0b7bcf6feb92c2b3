import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newId } from '../core/ids.js';
import type { Capture } from '../sdk/index.js';
import { createInstanceKey, MasterKey } from '../vault/index.js';
import { openCapture, sealCapture } from './captures.js';

const { vault } = createInstanceKey(new MasterKey(randomBytes(32)), newId());

function capture(given: Partial<Capture> = {}): Capture {
  return {
    account: newId(),
    endpoint: 'messages',
    method: 'POST',
    url: 'https://gateway.example.com/webhooks/a/messages?a=1',
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from('a body'),
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance: 'webhook',
    ...given,
  };
}

describe('a capture at rest', () => {
  it('is byte for byte what was received', () => {
    const text = fc.string({ unit: 'grapheme' });
    const given = fc.record({
      url: text,
      headers: fc.dictionary(text, text, { noNullPrototype: true }),
      body: fc.uint8Array({ maxLength: 300 }),
    });
    fc.assert(
      fc.property(given, (parts) => {
        const original = capture(parts);
        const { body, ...rest } = openCapture(vault, sealCapture(vault, newId(), original));
        expect([...body]).toEqual([...original.body]);
        expect({ ...rest, body: original.body }).toEqual(original);
      }),
    );
  });

  it('shows nothing of its URL, headers and body', () => {
    const row = sealCapture(
      vault,
      newId(),
      capture({ body: Buffer.from('sell everything'), headers: { 'x-token': 'hunter2' } }),
    );
    expect(Buffer.from(row.sealed).toString('latin1')).not.toMatch(/sell|hunter2|gateway/);
  });

  it('cannot be taken for another', () => {
    const row = sealCapture(vault, newId(), capture());
    expect(() => openCapture(vault, { ...row, id: newId() })).toThrow(/moved from another row/);
  });
});
