const encoder = new TextEncoder();
const nothing = new Uint8Array();

/**
 * UTF-8 bytes of a text. Refuses text with a lone surrogate: encoders turn it into U+FFFD without a word,
 * after which two different texts share one encoding and what is opened is not what was sealed.
 *
 * @throws TypeError naming `what` (never the text itself).
 */
export function encodeUtf8(text: string, what: string): Uint8Array {
  requireWellFormed(text, what);
  return encoder.encode(text);
}

/**
 * One byte string for a list of texts: each is its UTF-8 length (uint32, big endian) and then its UTF-8. Different
 * lists never share an encoding, so `['a', 'bc']` and `['ab', 'c']` stay apart under a MAC.
 *
 * @param head bytes to stand before all of it.
 * @throws TypeError when a part is not well-formed Unicode.
 */
export function encodeParts(parts: readonly string[], head: Uint8Array = nothing): Uint8Array {
  let length = head.length;
  for (const part of parts) {
    requireWellFormed(part, 'A part of a name that is sealed or looked up');
    length += 4 + Buffer.byteLength(part, 'utf8');
  }
  // Every byte is written below.
  const encoded = Buffer.allocUnsafe(length);
  encoded.set(head);
  let offset = head.length;
  for (const part of parts) {
    const partLength = encoded.write(part, offset + 4, 'utf8');
    encoded.writeUInt32BE(partLength, offset);
    offset += 4 + partLength;
  }
  return encoded;
}

/**
 * Joins byte strings into memory of their own. `Buffer.concat` would place small results in Node's shared pool,
 * and handing such a view to a worker thread copies the whole pool, with whatever else lies in it.
 */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

function requireWellFormed(text: string, what: string): void {
  if (!text.isWellFormed()) {
    throw new TypeError(
      `${what} is not well-formed Unicode (it has a lone surrogate): repair it before use.`,
    );
  }
}
