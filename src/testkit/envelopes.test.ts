import { expect, test } from 'vitest';
import { envelopeSchema } from '../sdk/index.js';
import { sampleDeliveries } from './envelopes.js';

test('samples are valid, in sequence, spread over conversations, and of several kinds', () => {
  const samples = sampleDeliveries({ count: 40, conversations: 4, firstSequence: 7 });
  expect(samples.map(({ envelope }) => envelope.skeleton.sequence)).toEqual(
    samples.map((_, index) => index + 7),
  );
  expect(new Set(samples.map(({ envelope }) => envelope.skeleton.conversation)).size).toBe(4);
  expect(new Set(samples.map(({ idempotencyKey }) => idempotencyKey)).size).toBe(40);
  expect(new Set(samples.map(({ envelope }) => envelope.skeleton.kind)).size).toBeGreaterThan(4);
  for (const { bytes, envelope } of samples) {
    expect(envelopeSchema.parse(JSON.parse(new TextDecoder().decode(bytes)))).toEqual(envelope);
  }
});

test('equal seeds give equal bytes, other seeds give other ids', () => {
  expect(sampleDeliveries({ count: 5, seed: 3 })).toEqual(sampleDeliveries({ count: 5, seed: 3 }));
  const ids = [1, 2].flatMap((seed) =>
    sampleDeliveries({ count: 5, seed }).map((one) => one.envelope.skeleton.id),
  );
  expect(new Set(ids).size).toBe(10);
});
