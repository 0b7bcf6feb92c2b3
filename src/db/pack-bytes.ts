/** Many byte strings as one, to be cut up by `substring(bytes from first for length)`. */
export interface PackedBytes {
  /** All of them, for `decode(…, 'base64')`. */
  readonly base64: string;
  /** Where each begins, counted from 1 as SQL counts. */
  readonly firsts: number[];
  /** Null for a null, which is what `substring` makes of it. */
  readonly lengths: (number | null)[];
}

/**
 * The driver has no arrays of bytes, and the server reads an array of long texts in their stead slowly: letter by letter,
 * and twice. One long value it takes as a whole; in base64, as the driver would write bytes with two letters each.
 */
export function packBytes(parts: readonly (Uint8Array | null)[]): PackedBytes {
  const firsts: number[] = [];
  let length = 0;
  for (const part of parts) {
    firsts.push(length + 1);
    length += part?.length ?? 0;
  }
  const present = parts.filter((part) => part !== null);
  return {
    base64: Buffer.concat(present, length).toString('base64'),
    firsts,
    lengths: parts.map((part) => part?.length ?? null),
  };
}
