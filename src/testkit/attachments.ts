import { createHash } from 'node:crypto';
import type { Delivery } from '../sdk/index.js';
import { deliveryOf, sampleEnvelopes } from './envelopes.js';

export interface SampleAttachmentOptions {
  /** What the stream gives in the place of the bytes that the record names. */
  readonly given?: () => AsyncIterable<Uint8Array>;
  /** Equal seeds give equal envelopes. Default 1. */
  readonly seed?: number;
}

/** The delivery of a record that brings these bytes. */
export function attachmentDelivery(
  bytes: Uint8Array,
  { given, seed = 1 }: SampleAttachmentOptions = {},
): Delivery {
  const [sample] = sampleEnvelopes({ seed });
  if (sample === undefined) throw new Error('There is no sample envelope.');
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { id } = sample.skeleton;
  const about = { id, byteLength: bytes.byteLength, sha256, contentType: 'image/png' };
  const envelope = {
    ...sample,
    skeleton: { ...sample.skeleton, kind: 'attachment' as const, attachments: [{ id }] },
    content: {
      kind: 'attachment' as const,
      key: `attachment/${id}`,
      channel: 'mms',
      about: 'sample-1',
      attachment: id,
      byteLength: bytes.byteLength,
      sha256,
      contentType: about.contentType,
    },
  };
  const source = given ?? (() => inPieces(bytes));
  const open = async () => ReadableStream.from(source()) as ReadableStream<Uint8Array>;
  return { ...deliveryOf(envelope), attachments: [{ ...about, name: '../a picture.png', open }] };
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += 10_000) yield bytes.subarray(offset, offset + 10_000);
}
