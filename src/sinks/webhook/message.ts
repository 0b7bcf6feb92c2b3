import { createHash } from 'node:crypto';
import type { Delivery } from 'archway/sdk';

/** One request: what README.md calls a message. */
export interface Message {
  /** The same on every attempt with the same deliveries: no clock and no attempt number in it. */
  readonly id: string;
  readonly body: Buffer;
  /** SHA-256 of each envelope's bytes, lower-case hex, in order. */
  readonly digests: readonly string[];
}

/** A batch ends before it gets larger; a single envelope is sent whatever its size, and the receiver judges it. */
export const batchBytesMax = 1024 * 1024;

/**
 * Each envelope is a JSON string, not an object: so it comes out of any JSON parser byte for byte, and its digest can be
 * checked without writing canonical JSON first.
 */
export function messageOf(deliveries: readonly Delivery[]): Message {
  const digests = deliveries.map(({ bytes }) => createHash('sha256').update(bytes).digest('hex'));
  const data = deliveries.map(({ idempotencyKey, bytes }, index) => ({
    key: idempotencyKey,
    sha256: digests[index],
    envelope: Buffer.from(bytes).toString('utf8'),
  }));
  const body = Buffer.from(JSON.stringify({ type: 'archway.envelopes', data }));
  return { id: messageId(deliveries), body, digests };
}

function messageId(deliveries: readonly Delivery[]): string {
  const keys = JSON.stringify(deliveries.map((delivery) => delivery.idempotencyKey));
  return `msg_${createHash('sha256').update(keys).digest().subarray(0, 18).toString('base64url')}`;
}

/** Parts deliveries into batches of at most `countMax`, in order. */
export function batchesOf(deliveries: readonly Delivery[], countMax: number): Delivery[][] {
  const batches: Delivery[][] = [];
  let bytes = 0;
  for (const delivery of deliveries) {
    const last = batches.at(-1);
    bytes += delivery.bytes.byteLength;
    if (last !== undefined && last.length < countMax && bytes <= batchBytesMax) {
      last.push(delivery);
      continue;
    }
    batches.push([delivery]);
    bytes = delivery.bytes.byteLength;
  }
  return batches;
}
