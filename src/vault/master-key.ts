import { createHash, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { MasterKeyError } from './errors.js';
import { Opaque } from './opaque.js';

/** Bytes of a master key. */
export const MASTER_KEY_LENGTH = 32;

// 32 bytes in base64: 43 characters and one sign of padding.
const BASE64_OF_32_BYTES = /^[A-Za-z0-9+/]{43}=$/;

/**
 * The key that wraps the keys of all instances. It is used through keys derived from it, never directly, and its
 * bytes cannot be had back from it.
 */
export class MasterKey extends Opaque {
  readonly #key: KeyObject;

  /**
   * @param bytes 32 bytes; copied.
   * @throws MasterKeyError for another length.
   */
  constructor(bytes: Uint8Array) {
    super();
    if (bytes.length !== MASTER_KEY_LENGTH) {
      throw new MasterKeyError(describe('given', `it has ${bytes.length} bytes`));
    }
    this.#key = createSecretKey(bytes);
  }

  /** A key of 32 bytes for one purpose (HKDF-SHA256 without salt). Different `info`, unrelated key. */
  derive(info: string): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#key, '', info, 32));
  }
}

/**
 * Reads a master key as an operator gives it: 32 bytes in standard base64 with padding. White space around it is
 * ignored (files end in a newline); anything else is refused, since a key that was cut or retyped reads nothing.
 *
 * @param source where the text comes from, for the message: a variable's name or a file's path.
 * @throws MasterKeyError that says what is wrong and how to make a key, without repeating the text.
 */
export function parseMasterKey(text: string, source: string): MasterKey {
  const trimmed = text.trim();
  if (trimmed === '') throw new MasterKeyError(describe(source, 'it is empty'));
  if (!BASE64_OF_32_BYTES.test(trimmed)) {
    throw new MasterKeyError(describe(source, `it is ${trimmed.length} characters of something else`));
  }
  const bytes = Buffer.from(trimmed, 'base64');
  // The last character carries four bits of the key; were its two spare bits set, two texts would be one key.
  if (bytes.toString('base64') !== trimmed) {
    throw new MasterKeyError(
      describe(source, 'its last character is not what an encoder writes, so it was altered'),
    );
  }
  return new MasterKey(bytes);
}

/**
 * Public name of a master key: 16 hexadecimal digits that tell keys apart in messages and in wrapped keys, and
 * reveal nothing about the key.
 */
export function masterKeyId(masterKey: MasterKey): string {
  const identity = masterKey.derive('archway/v1/master-key-id');
  return createHash('sha256').update(identity).digest('hex').slice(0, 16);
}

function describe(source: string, problem: string): string {
  return (
    `The master key (${source}) cannot be used: ${problem}. It must be exactly ${MASTER_KEY_LENGTH} bytes in base64 ` +
    '(44 characters, the last one "="). Make one with: openssl rand -base64 32'
  );
}
