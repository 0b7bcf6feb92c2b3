/** A part of a content, from `start` up to and without `end`. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads the header `Range` (RFC 9110, section 14). `whole` for none, for several ranges and for what is not understood, as
 * the standard allows; `unsatisfiable` for a part that the content does not have.
 */
export function readRange(header: string | undefined, byteLength: number): Part | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))$/.exec(header?.trim() ?? '');
  if (match === null) return 'whole';
  const [, first, last, suffix] = match;
  if (suffix !== undefined) {
    const start = Math.max(0, byteLength - Number(suffix));
    return start < byteLength ? { start, end: byteLength } : 'unsatisfiable';
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  const end = last === '' ? byteLength : Math.min(Number(last) + 1, byteLength);
  return start < byteLength ? { start, end } : 'unsatisfiable';
}
