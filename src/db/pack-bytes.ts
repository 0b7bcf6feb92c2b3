/** Many byte strings as one, to be cut up by `substring(bytes from first for length)`. */
export interface PackedBytes {
  readonly bytes: Uint8Array;
  /** Where each begins, counted from 1 as SQL counts. */
  readonly firsts: number[];
  readonly lengths: number[];
}

export function packBytes(parts: readonly Uint8Array[]): PackedBytes {
  const firsts: number[] = [];
  let length = 0;
  for (const part of parts) {
    firsts.push(length + 1);
    length += part.length;
  }
  return { bytes: Buffer.concat(parts, length), firsts, lengths: parts.map((part) => part.length) };
}
