/**
 * Messages of the PostgreSQL protocol, version 3: one type byte, a 32-bit length that counts itself but not
 * the type, the content. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const headerLength = 5;

/** Builds one message; strings are sent with their closing zero byte. */
export function frame(type: string, ...parts: (string | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  const contents = parts.map((part) => (typeof part === 'string' ? encoder.encode(`${part}\0`) : part));
  const contentLength = contents.reduce((sum, part) => sum + part.length, 0);
  const bytes = new Uint8Array(headerLength + contentLength);
  bytes[0] = type.charCodeAt(0);
  new DataView(bytes.buffer).setInt32(1, 4 + contentLength);
  let offset = headerLength;
  for (const part of contents) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export const syncFrame = frame('S');

export function queryFrame(sql: string): Uint8Array<ArrayBuffer> {
  return frame('Q', sql);
}

export function closeStatementFrame(name: string): Uint8Array<ArrayBuffer> {
  return frame('C', encoder.encode('S'), name);
}

/** The packet that opens a connection, which has no type byte. */
export function startupFrame(user: string, database: string): Uint8Array<ArrayBuffer> {
  const protocolVersion3 = new Uint8Array([0, 3, 0, 0]);
  const end = new Uint8Array(1);
  return frame('', protocolVersion3, 'user', user, 'database', database, end).subarray(1);
}

export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** A big-endian 32-bit integer; `undefined` when the bytes end before it does. */
export function readInt32(bytes: Uint8Array, offset: number): number | undefined {
  if (offset + 4 > bytes.length) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getInt32(0);
}

/** The string that ends with the next zero byte. */
export function readString(bytes: Uint8Array, offset: number): string {
  const end = bytes.indexOf(0, offset);
  return decoder.decode(bytes.subarray(offset, end < 0 ? bytes.length : end));
}
