import { type Cipher, createCipheriv, createDecipheriv } from 'node:crypto';
import { joinBytes } from './bytes.js';
import { Opaque } from './opaque.js';

/** Bytes of an XAES-256-GCM key. */
export const XAES_KEY_LENGTH = 32;
/** Bytes of an XAES-256-GCM nonce: long enough to be drawn at random for 2^80 messages under one key. */
export const XAES_NONCE_LENGTH = 24;
/** Bytes that sealing adds at the end. */
export const XAES_TAG_LENGTH = 16;

const BLOCK_LENGTH = 16;

// What stands before the nonce in the two blocks that the key of a message is derived from: a counter of 16 bits,
// the label 'X', and a zero that ends the label (M1 and M2 of the specification).
const FIRST_BLOCK_PREFIX = Uint8Array.of(0, 1, 0x58, 0);
const SECOND_BLOCK_PREFIX = Uint8Array.of(0, 2, 0x58, 0);
const PREFIX_LENGTH = 4;

/**
 * XAES-256-GCM as specified at https://c2sp.org/XAES-256-GCM: AES-256-GCM under a key of its own for each message,
 * derived from the first half of a 192-bit nonce (NIST SP 800-108r1 counter mode over CMAC-AES-256). Plain
 * AES-256-GCM has only 96 bits of nonce, and random ones run out at 2^32 messages.
 *
 * An object keeps the AES key schedule and the masked blocks of its key: make one per key, not one per message.
 */
export class Xaes256Gcm extends Opaque {
  readonly #block: Cipher;
  /** Both blocks without their nonce, masked with the CMAC subkey K1. */
  readonly #maskedBlocks: Uint8Array;

  /**
   * @param key 32 bytes; not kept, so the caller may overwrite it afterwards.
   * @throws RangeError for another length.
   */
  constructor(key: Uint8Array) {
    super();
    requireLength('key', key, XAES_KEY_LENGTH);
    // ECB carries nothing from one block to the next, so a single cipher object serves all derivations.
    this.#block = createCipheriv('aes-256-ecb', key, null).setAutoPadding(false);
    const subkey = double(this.#block.update(new Uint8Array(BLOCK_LENGTH)));
    const gap = new Uint8Array(BLOCK_LENGTH - PREFIX_LENGTH);
    const blocks = joinBytes([FIRST_BLOCK_PREFIX, gap, SECOND_BLOCK_PREFIX, gap]);
    this.#maskedBlocks = blocks.map((byte, index) => byte ^ byteAt(subkey, index % BLOCK_LENGTH));
  }

  /**
   * Encrypts and authenticates.
   *
   * @param nonce 24 bytes that MUST never be used twice under one key: draw them at random.
   * @param additionalData authenticated with the message, not part of the result.
   * @returns the ciphertext followed by the 16-byte tag.
   * @throws RangeError when the nonce has another length.
   */
  seal(nonce: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array): Uint8Array {
    return joinBytes(this.sealParts(nonce, plaintext, additionalData));
  }

  /** What `seal` gives, in parts to be joined: to a caller who joins them with more, one copy less. */
  sealParts(nonce: Uint8Array, plaintext: Uint8Array, additionalData: Uint8Array): Uint8Array[] {
    requireLength('nonce', nonce, XAES_NONCE_LENGTH);
    const cipher = createCipheriv('aes-256-gcm', this.#deriveKey(nonce), nonce.subarray(12), {
      authTagLength: XAES_TAG_LENGTH,
    });
    cipher.setAAD(additionalData);
    const ciphertext = cipher.update(plaintext);
    cipher.final();
    return [ciphertext, cipher.getAuthTag()];
  }

  /**
   * Checks and decrypts what `seal` returned. Nothing is given out before the tag has been checked.
   *
   * @throws Error when the key, the nonce, the additional data or any bit of `sealed` is not as it was.
   * @throws RangeError when the nonce has another length or `sealed` is shorter than a tag.
   */
  open(nonce: Uint8Array, sealed: Uint8Array, additionalData: Uint8Array): Uint8Array {
    requireLength('nonce', nonce, XAES_NONCE_LENGTH);
    const ciphertextLength = sealed.length - XAES_TAG_LENGTH;
    if (ciphertextLength < 0) {
      throw new RangeError(`A sealed value has at least ${XAES_TAG_LENGTH} bytes, not ${sealed.length}.`);
    }
    const decipher = createDecipheriv('aes-256-gcm', this.#deriveKey(nonce), nonce.subarray(12), {
      authTagLength: XAES_TAG_LENGTH,
    });
    decipher.setAAD(additionalData);
    decipher.setAuthTag(sealed.subarray(ciphertextLength));
    const plaintext = decipher.update(sealed.subarray(0, ciphertextLength));
    decipher.final();
    return new Uint8Array(plaintext.buffer, plaintext.byteOffset, plaintext.length);
  }

  /** Kx of the specification. CMAC of a single whole block is the block, masked with K1, under the cipher. */
  #deriveKey(nonce: Uint8Array): Uint8Array {
    const blocks = this.#maskedBlocks.slice();
    for (let first = PREFIX_LENGTH; first < BLOCK_LENGTH; first += 1) {
      const byte = byteAt(nonce, first - PREFIX_LENGTH);
      blocks[first] = byteAt(blocks, first) ^ byte;
      blocks[first + BLOCK_LENGTH] = byteAt(blocks, first + BLOCK_LENGTH) ^ byte;
    }
    return this.#block.update(blocks);
  }
}

/** Doubling in GF(2^128), which makes the CMAC subkey K1 from the encrypted zero block (NIST SP 800-38B, 6.1). */
function double(block: Uint8Array): Uint8Array {
  const doubled = block.map((byte, index) => (byte << 1) | (byteAt(block, index + 1) >> 7));
  const carry = byteAt(block, 0) >> 7;
  const last = BLOCK_LENGTH - 1;
  doubled[last] = byteAt(doubled, last) ^ (carry * 0b1000_0111);
  return doubled;
}

/** The byte at an index; zero past the end, as a shift to the left fills in. */
function byteAt(bytes: Uint8Array, index: number): number {
  return bytes[index] ?? 0;
}

function requireLength(name: string, bytes: Uint8Array, length: number): void {
  if (bytes.length !== length) {
    throw new RangeError(`An XAES-256-GCM ${name} has ${length} bytes, not ${bytes.length}.`);
  }
}
