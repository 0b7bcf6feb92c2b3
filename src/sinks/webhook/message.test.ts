import { createHash } from 'node:crypto';
import type { Delivery } from 'archway/sdk';
import { sampleDeliveries } from 'archway/testkit';
import { describe, expect, test } from 'vitest';
import { batchBytesMax, batchesOf, messageOf } from './message.js';

const sized = (bytes: number): Delivery => ({
  ...(sampleDeliveries()[0] as Delivery),
  bytes: new Uint8Array(bytes),
});

describe('a message', () => {
  test('gives every envelope back byte for byte, with its digest, through any JSON parser', () => {
    const deliveries = sampleDeliveries({ count: 7 });
    const { body } = messageOf(deliveries);
    const { type, data } = JSON.parse(body.toString('utf8'));
    expect(type).toBe('archway.envelopes');
    expect(data).toHaveLength(7);
    for (const [index, { idempotencyKey, bytes }] of deliveries.entries()) {
      expect(Buffer.from(data[index].envelope)).toEqual(Buffer.from(bytes));
      expect(data[index].sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
      expect(data[index].key).toBe(idempotencyKey);
    }
  });

  test('has the same id and body on every attempt, and another id for other envelopes', () => {
    const [first, second] = sampleDeliveries({ count: 2 }) as [Delivery, Delivery];
    expect(messageOf([first, second])).toEqual(messageOf([first, second]));
    const ids = [[first], [second], [first, second], [second, first]].map((batch) => messageOf(batch).id);
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^msg_[\w-]{24}$/);
  });
});

describe('batches', () => {
  test('hold as many as are allowed, in order', () => {
    const deliveries = sampleDeliveries({ count: 7 });
    expect(batchesOf(deliveries, 3).map((batch) => batch.length)).toEqual([3, 3, 1]);
    expect(batchesOf(deliveries, 3).flat()).toEqual(deliveries);
    expect(batchesOf([], 3)).toEqual([]);
  });

  test('end before they get too large, and an envelope that is too large goes alone', () => {
    const half = batchBytesMax / 2;
    const sizes = [half, half, 1, batchBytesMax + 1, 1, 1];
    const batches = batchesOf(sizes.map(sized), 100);
    expect(batches.map((batch) => batch.map(({ bytes }) => bytes.byteLength))).toEqual([
      [half, half],
      [1],
      [batchBytesMax + 1],
      [1, 1],
    ]);
  });
});
