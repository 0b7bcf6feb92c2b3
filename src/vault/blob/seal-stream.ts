import { createHash } from 'node:crypto';
import type { InstanceVault } from '../instance-vault.js';
import { LengthExceededError, type PutLimits, type StoredBlob } from './blob-store.js';
import { CHUNK_LENGTH, ChunkCipher } from './chunk-cipher.js';
import { PieceCutter } from './piece-cutter.js';

/**
 * Seals content as it comes, under a key of its own (see `ChunkCipher` for the format). Holds one chunk.
 *
 * @param source the content, in pieces of any size; closed when anything fails.
 * @param write takes the sealed bytes, in order, header first. Once it has resolved, the memory of that part is used
 *   for the next one.
 * @returns what the content was, once all of it has been written.
 * @throws {LengthExceededError} when the content is longer than the limit.
 * @throws whatever the source or `write` throws, as it is.
 */
export async function sealStream(
  vault: InstanceVault,
  source: AsyncIterable<Uint8Array>,
  limits: PutLimits,
  write: (sealed: Uint8Array) => Promise<void>,
): Promise<StoredBlob> {
  requireLimit(limits);
  const cipher = ChunkCipher.create(vault);
  const chunks = new PieceCutter(CHUNK_LENGTH);
  const sha256 = createHash('sha256');
  const keyedDigest = vault.objectDigest();
  let byteLength = 0;
  let index = 0;

  await write(cipher.header);
  for await (const piece of source) {
    requireBytes(piece);
    byteLength += piece.length;
    if (byteLength > limits.lengthMaxBytes) throw new LengthExceededError(limits.lengthMaxBytes);
    sha256.update(piece);
    keyedDigest.update(piece);
    for (const chunk of chunks.add(piece)) await write(cipher.seal(index++, chunk));
  }
  const id = keyedDigest.digest('hex');
  await write(cipher.seal(index, chunks.rest, id));
  return { id, byteLength, sha256: sha256.digest('hex') };
}

/** A limit that is not a number compares as "not exceeded", and would let everything in. */
function requireLimit({ lengthMaxBytes }: PutLimits): void {
  if (!Number.isSafeInteger(lengthMaxBytes) || lengthMaxBytes < 0) {
    throw new RangeError(`lengthMaxBytes is a whole number of bytes, not ${lengthMaxBytes}.`);
  }
}

/** Sources are written by others; a stream with an encoding set yields text, whatever its type says. */
function requireBytes(piece: unknown): void {
  if (!(piece instanceof Uint8Array)) {
    throw new TypeError(`A source of a blob yields Uint8Array, not ${typeof piece}. Set no encoding on it.`);
  }
}
