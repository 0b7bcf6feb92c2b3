import { createHash, createHmac } from 'node:crypto';
import { canonicalBytes } from './canonical.js';
import { drawRandom } from './random.js';

/**
 * Digests of the record format (docs/spec/record.md). Every digest in a skeleton is salted: a bare SHA-256 of a short
 * text beside its time could be guessed, and would survive the erasure of the text.
 */

const saltLengthBytes = 32;

export function newSalt(): Uint8Array {
  return drawRandom(saltLengthBytes);
}

/** HMAC-SHA-256(salt, canonical(value)), lower-case hex. */
export function saltedJsonDigest(salt: Uint8Array, value: unknown): string {
  return createHmac('sha256', salt).update(canonicalBytes(value)).digest('hex');
}

/** HMAC-SHA-256(salt, SHA-256(bytes)), lower-case hex: for captures and attachments, whose bytes may be large. */
export function saltedBytesDigest(salt: Uint8Array, bytes: Uint8Array): string {
  return saltedSha256(salt, createHash('sha256').update(bytes).digest());
}

/** The same for bytes of which only the SHA-256 is at hand. */
export function saltedSha256(salt: Uint8Array, sha256: Uint8Array): string {
  return createHmac('sha256', salt).update(sha256).digest('hex');
}

/** The leaf of a record in the Merkle log, by RFC 6962: SHA-256(0x00 ‖ canonical skeleton). */
export function leafHash(skeletonBytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(Uint8Array.of(0)).update(skeletonBytes).digest();
}

export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
