import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { signatureOf } from './signature.js';
import { otherSecret, testSecret } from './testing.js';

/** The standard's own library is the judge. */

const timestamp = 1795426200;

beforeEach(() => {
  vi.useFakeTimers({ now: timestamp * 1_000, toFake: ['Date'] });
});

afterEach(() => {
  vi.useRealTimers();
});

const ids = fc.stringMatching(/^msg_[\w-]{1,40}$/);
const secrets = fc
  .uint8Array({ minLength: 24, maxLength: 64 })
  .map((bytes) => `whsec_${Buffer.from(bytes).toString('base64')}`);

function headersOf(id: string, signature: string) {
  return { 'webhook-id': id, 'webhook-timestamp': String(timestamp), 'webhook-signature': signature };
}

test('the library signs as we do, and takes what we signed', () => {
  fc.assert(
    fc.property(ids, fc.jsonValue(), secrets, (id, value, secret) => {
      const text = JSON.stringify(value);
      const signature = signatureOf({ id, timestamp, body: Buffer.from(text) }, [secret]);
      expect(signature).toBe(new Webhook(secret).sign(id, new Date(timestamp * 1_000), text));
      expect(new Webhook(secret).verify(text, headersOf(id, signature))).toEqual(JSON.parse(text));
    }),
    { numRuns: 300 },
  );
});

test('during a rotation a receiver that knows either secret takes it, one that knows neither does not', () => {
  const text = '{"type":"archway.envelopes","data":[]}';
  const signature = signatureOf({ id: 'msg_1', timestamp, body: Buffer.from(text) }, [
    testSecret,
    otherSecret,
  ]);
  const verifiedBy = (secret: string) => () =>
    new Webhook(secret).verify(text, headersOf('msg_1', signature));
  expect(verifiedBy(testSecret)()).toEqual(JSON.parse(text));
  expect(verifiedBy(otherSecret)()).toEqual(JSON.parse(text));
  expect(verifiedBy(`whsec_${Buffer.alloc(24).toString('base64')}`)).toThrow('No matching signature');
});
