import { crc32 } from 'node:zlib';
import type { CaptureRow } from '../db/inbox.js';

/**
 * One capture in a spool file: length of the payload (uint32), its CRC-32 (uint32), CRC-32 of these eight bytes (uint32),
 * then the payload: a JSON line with the row's plain columns, and the sealed bytes. The checksums tell a torn frame from a
 * damaged one: a length that lies must not pass for the end of the file. The seal inside is what protects the content.
 */

const checkedLength = 8;
const headerLength = 12;
const newline = 0x0a;

export function encodeFrame(row: CaptureRow): Buffer {
  const { sealed, ...columns } = row;
  const payload = Buffer.concat([Buffer.from(`${JSON.stringify(columns)}\n`, 'utf8'), sealed]);
  const header = Buffer.alloc(headerLength);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32(payload), 4);
  header.writeUInt32BE(crc32(header.subarray(0, checkedLength)), checkedLength);
  return Buffer.concat([header, payload]);
}

export type DecodedFrame =
  | { readonly kind: 'row'; readonly row: CaptureRow; readonly end: number }
  /** The file ends inside the frame: it was being written when the process died, and was never acknowledged. */
  | { readonly kind: 'torn' }
  | { readonly kind: 'damaged' };

/** Reads the frame that begins at `start`. */
export function decodeFrame(bytes: Buffer, start: number): DecodedFrame {
  if (bytes.length - start < headerLength) return { kind: 'torn' };
  const length = bytes.readUInt32BE(start);
  if (crc32(bytes.subarray(start, start + checkedLength)) !== bytes.readUInt32BE(start + checkedLength)) {
    // A file that grew before its content was written ends in zeros after a loss of power.
    return { kind: bytes.subarray(start).every((byte) => byte === 0) ? 'torn' : 'damaged' };
  }
  const from = start + headerLength;
  const end = from + length;
  if (end > bytes.length) return { kind: 'torn' };
  const payload = bytes.subarray(from, end);
  if (crc32(payload) !== bytes.readUInt32BE(start + 4)) return { kind: 'damaged' };
  const split = payload.indexOf(newline);
  const columns = JSON.parse(payload.subarray(0, split).toString('utf8')) as Omit<CaptureRow, 'sealed'>;
  return { kind: 'row', row: { ...columns, sealed: payload.subarray(split + 1) }, end };
}
