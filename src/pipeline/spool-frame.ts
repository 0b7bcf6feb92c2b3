import { crc32 } from 'node:zlib';
import type { CaptureRow } from '../db/inbox.js';

/**
 * One capture in a spool file: length (uint32), CRC-32 of what follows (uint32), then a JSON line with the row's plain columns
 * and the sealed bytes. The checksum finds a torn or damaged frame; the seal inside is what protects the content.
 */

const headerLength = 8;
const newline = 0x0a;
/** No capture is larger: the door limits bodies to far less. A length beyond it is damage. */
const payloadLengthMax = 64 * 1024 * 1024;

export function encodeFrame(row: CaptureRow): Buffer {
  const { sealed, ...columns } = row;
  const payload = Buffer.concat([Buffer.from(`${JSON.stringify(columns)}\n`, 'utf8'), sealed]);
  const header = Buffer.alloc(headerLength);
  header.writeUInt32BE(payload.length, 0);
  header.writeUInt32BE(crc32(payload), 4);
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
  if (length === 0 || length > payloadLengthMax) return { kind: 'damaged' };
  const from = start + headerLength;
  const end = from + length;
  if (end > bytes.length) return { kind: 'torn' };
  const payload = bytes.subarray(from, end);
  if (crc32(payload) !== bytes.readUInt32BE(start + 4))
    return end === bytes.length ? { kind: 'torn' } : { kind: 'damaged' };
  const split = payload.indexOf(newline);
  const columns = JSON.parse(payload.subarray(0, split).toString('utf8')) as Omit<CaptureRow, 'sealed'>;
  return { kind: 'row', row: { ...columns, sealed: payload.subarray(split + 1) }, end };
}
