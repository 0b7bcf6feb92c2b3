import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** What tells one content from another without holding it. */
export interface Digested {
  readonly byteLength: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

export function digested(bytes: Uint8Array): Digested {
  return { byteLength: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
}

const readLength = 256 * 1024;

/** SHA-256 of an open file from its beginning, as lower-case hex; read in pieces, through one buffer. */
export async function digestOf(handle: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(readLength);
  for (let position = 0; ; ) {
    const { bytesRead } = await handle.read(buffer, 0, readLength, position);
    if (bytesRead === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, bytesRead));
    position += bytesRead;
  }
}
