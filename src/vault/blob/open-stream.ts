import { SealError } from '../errors.js';
import type { InstanceVault } from '../instance-vault.js';
import type { ByteRange } from './blob-store.js';
import { CHUNK_LENGTH, ChunkCipher, HEADER_LENGTH, SEALED_CHUNK_LENGTH } from './chunk-cipher.js';
import { PieceCutter } from './piece-cutter.js';

/** A sealed blob where it lies: an open file, an object in a bucket. */
export interface SealedBytes {
  readonly byteLength: number;
  /** The bytes from `start` up to but without `end`, in pieces of any size. A piece is used before the next is read. */
  read(start: number, end: number): AsyncIterable<Uint8Array>;
}

/** A blob of which header and last chunk were verified: it is the one that was asked for, and all of it is there. */
export interface OpenedBlob {
  /** Length of the content. */
  readonly byteLength: number;
  /**
   * The content or a part of it, in pieces of at most one chunk, each of them verified before it is given out. Reads
   * only the chunks that the range touches, and holds one at a time.
   *
   * @throws {SealError} when it gets to a chunk that is not as it was sealed.
   */
  read(range?: ByteRange): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Opens a blob that `sealStream` has sealed. The last chunk is verified first, wherever the reading will start: it
 * proves which blob this is and how long it is, so a blob that was cut, continued or put in the place of another is
 * refused before the first byte.
 *
 * @throws {SealError} naming the blob.
 */
export async function openStream(vault: InstanceVault, id: string, sealed: SealedBytes): Promise<OpenedBlob> {
  const chunkCount = Math.max(1, Math.ceil((sealed.byteLength - HEADER_LENGTH) / SEALED_CHUNK_LENGTH));
  const lastIndex = chunkCount - 1;
  const header = await readWhole(sealed, 0, HEADER_LENGTH);
  if (header.length < HEADER_LENGTH) throw damaged(id, 'it is shorter than a header');
  const cipher = cipherFor(vault, id, header);

  const openChunk = (index: number, chunk: Uint8Array): Uint8Array => {
    try {
      return cipher.open(index, chunk, index === lastIndex ? id : undefined);
    } catch (cause) {
      const reason =
        index === lastIndex
          ? 'its end is not the end of this blob, so it was cut, continued, damaged or exchanged for another, or it ' +
            'was sealed under another key'
          : `chunk ${index} of ${chunkCount} is not as it was sealed`;
      throw damaged(id, reason, { cause });
    }
  };

  const last = openChunk(lastIndex, await readWhole(sealed, sealedStart(lastIndex), sealed.byteLength));
  const byteLength = lastIndex * CHUNK_LENGTH + last.length;
  return { byteLength, read: (range) => readRange(sealed, openChunk, clip(range, byteLength)) };
}

async function* readRange(
  sealed: SealedBytes,
  openChunk: (index: number, chunk: Uint8Array) => Uint8Array,
  { start, end }: Required<ByteRange>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (start >= end) return;
  const open = (index: number, chunk: Uint8Array): Uint8Array => {
    const contentStart = index * CHUNK_LENGTH;
    return openChunk(index, chunk).subarray(
      Math.max(0, start - contentStart),
      Math.max(0, end - contentStart),
    );
  };

  const firstIndex = Math.floor(start / CHUNK_LENGTH);
  const endIndex = Math.ceil(end / CHUNK_LENGTH);
  const chunks = new PieceCutter(SEALED_CHUNK_LENGTH);
  let index = firstIndex;
  const sealedEnd = Math.min(sealedStart(endIndex), sealed.byteLength);
  for await (const piece of sealed.read(sealedStart(firstIndex), sealedEnd)) {
    for (const chunk of chunks.add(piece)) yield open(index++, chunk);
  }
  // Were the blob cut since its end was verified, this would be a chunk too few or too short, which does not open.
  while (index < endIndex) yield open(index++, chunks.rest);
}

function sealedStart(index: number): number {
  return HEADER_LENGTH + index * SEALED_CHUNK_LENGTH;
}

/** Bytes from `start` to `end`, at most a chunk; fewer when there are fewer. */
async function readWhole(sealed: SealedBytes, start: number, end: number): Promise<Uint8Array> {
  const whole = new PieceCutter(end - start);
  for await (const piece of sealed.read(start, end)) {
    for (const full of whole.add(piece)) return full;
  }
  return whole.rest;
}

function cipherFor(vault: InstanceVault, id: string, header: Uint8Array): ChunkCipher {
  try {
    return ChunkCipher.read(vault, header);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw damaged(id, cause.message, { cause });
  }
}

function damaged(id: string, reason: string, options?: ErrorOptions): SealError {
  const remedy = 'Restore it from a backup.';
  return new SealError({ table: 'blobs', id, column: 'content' }, `${reason}. ${remedy}`, options);
}

/** @throws RangeError for a range that is not of whole bytes, or starts after it ends. */
export function requireRange({ start, end = start }: ByteRange): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start) {
    throw new RangeError(
      `A range of a blob is of whole bytes and does not end before it starts: ${start} to ${end} is none.`,
    );
  }
}

function clip(range: ByteRange | undefined, byteLength: number): Required<ByteRange> {
  if (range === undefined) return { start: 0, end: byteLength };
  requireRange(range);
  return { start: range.start, end: Math.min(range.end ?? byteLength, byteLength) };
}
