import { InstanceVault } from '../instance-vault.js';
import type { StoredBlob } from './blob-store.js';
import type { SealedBytes } from './open-stream.js';
import { sealStream } from './seal-stream.js';

/** Content in which every chunk differs from every other, the same each time. */
export function contentOf(byteLength: number): Uint8Array {
  const content = Buffer.alloc(byteLength);
  for (let offset = 0; offset + 4 <= byteLength; offset += 4) {
    content.writeUInt32LE(Math.imul(offset + 1, 2654435761) >>> 0, offset);
  }
  return content;
}

/** The content in pieces of one size, each in memory that is overwritten after it was used, as a reader's buffer is. */
export async function* inPieces(content: Uint8Array, pieceLength: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < content.length; offset += pieceLength) {
    const piece = Uint8Array.from(content.subarray(offset, offset + pieceLength));
    yield piece;
    piece.fill(0xee);
  }
}

export async function collect(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const collected: Uint8Array[] = [];
  for await (const piece of pieces) collected.push(piece);
  return Buffer.concat(collected);
}

/** The vault of an instance, the same for the same key byte in every process. */
export function vaultOf(instanceId: string, keyByte = 1): InstanceVault {
  return new InstanceVault(instanceId, Buffer.alloc(32, keyByte));
}

export async function sealInMemory(
  vault: InstanceVault,
  content: Uint8Array,
  pieceLength = 50_000,
): Promise<StoredBlob & { sealed: Buffer }> {
  const parts: Uint8Array[] = [];
  const limits = { lengthMaxBytes: content.length };
  const blob = await sealStream(vault, inPieces(content, pieceLength), limits, async (part) => {
    parts.push(Uint8Array.from(part));
  });
  return { ...blob, sealed: Buffer.concat(parts) };
}

/** Sealed bytes that note what was read of them. */
export class SealedInMemory implements SealedBytes {
  readBytes = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly pieceLength = 30_000,
  ) {}

  get byteLength(): number {
    return this.bytes.length;
  }

  async *read(start: number, end: number): AsyncGenerator<Uint8Array> {
    for await (const piece of inPieces(this.bytes.subarray(start, end), this.pieceLength)) {
      this.readBytes += piece.length;
      yield piece;
    }
  }
}
