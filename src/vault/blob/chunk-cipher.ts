import { createCipheriv, createDecipheriv, type KeyObject, randomBytes } from 'node:crypto';
import { encodeParts, joinBytes } from '../bytes.js';
import { type InstanceVault, KEY_NUMBER } from '../instance-vault.js';
import { Opaque } from '../opaque.js';

const FORMAT_VERSION = 1;
const SALT_LENGTH = 32;
const TAG_LENGTH = 16;
const NONCE_LENGTH = 12;
// 2^48 chunks are 2^64 bytes: no blob gets there.
const COUNTER_LENGTH = 6;

/** Bytes of the header: version (1), key number (4), salt (32). */
export const HEADER_LENGTH = 1 + 4 + SALT_LENGTH;
/** Content bytes of every chunk but the last, which has from 1 to as many, or 0 when the whole content is empty. */
export const CHUNK_LENGTH = 64 * 1024;
/** A whole chunk as it is stored, with its tag. */
export const SEALED_CHUNK_LENGTH = CHUNK_LENGTH + TAG_LENGTH;

/**
 * Seals and opens the chunks of one blob: the STREAM construction (Hoang, Reyhanitabar, Rogaway and Vizár, 2015) over
 * AES-256-GCM.
 *
 * A sealed blob is its header and its chunks, each followed by its tag. The nonce of a chunk is its number (11 bytes,
 * big endian) and a byte that says whether it is the last. So a chunk opens at its own position only, and a blob that
 * was cut or continued has no last chunk where its length puts it. Nonces never repeat, since the salt in the header
 * gives each blob, and each copy of it, a key of its own.
 *
 * The id of a blob is the digest of its content, and so it is known only when all chunks but the last have been
 * written. Hence the last chunk carries it, as associated data, beside the header and the instance that all chunks
 * have. That is enough to catch one blob's file under the name of another: the last chunk opens for no other id, it
 * ties the id to the salt in its header, and the salt is what all other chunks are tied to. It also costs no trailer,
 * and cannot be forgotten: who does not name the id cannot open the last chunk.
 */
export class ChunkCipher extends Opaque {
  readonly #instanceId: string;
  readonly #header: Uint8Array;
  readonly #key: KeyObject;
  readonly #sharedData: Uint8Array;
  // One buffer for all sealed chunks: one for each would be freed at the next collection only, and add up till then.
  #sealed: Uint8Array | undefined;

  private constructor(vault: InstanceVault, header: Uint8Array) {
    super();
    this.#instanceId = vault.instanceId;
    this.#header = header;
    this.#key = vault.blobKey(header.subarray(HEADER_LENGTH - SALT_LENGTH));
    this.#sharedData = joinBytes([header, encodeParts([vault.instanceId])]);
  }

  /** For a new blob. The salt is always drawn from the system and cannot be handed in: a repeated one repeats nonces. */
  static create(vault: InstanceVault): ChunkCipher {
    const start = Buffer.alloc(HEADER_LENGTH - SALT_LENGTH);
    start.writeUInt8(FORMAT_VERSION, 0);
    start.writeUInt32BE(KEY_NUMBER, 1);
    return new ChunkCipher(vault, joinBytes([start, randomBytes(SALT_LENGTH)]));
  }

  /**
   * For a blob that is there, from its header (`HEADER_LENGTH` bytes).
   *
   * @throws RangeError that says why, when this program cannot read the format.
   */
  static read(vault: InstanceVault, header: Uint8Array): ChunkCipher {
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength);
    const [version, keyNumber] = [view.getUint8(0), view.getUint32(1)];
    if (version !== FORMAT_VERSION || keyNumber !== KEY_NUMBER) {
      throw new RangeError(
        `its format is version ${version} under key number ${keyNumber}, and this program reads version ` +
          `${FORMAT_VERSION} under key number ${KEY_NUMBER}`,
      );
    }
    return new ChunkCipher(vault, Uint8Array.from(header));
  }

  get header(): Uint8Array {
    return this.#header;
  }

  /**
   * @param index number of the chunk, from 0. Each number MUST be sealed at most once.
   * @param lastOf for the last chunk, and for no other: the id of the blob.
   * @returns ciphertext and tag, overwritten by the next call.
   */
  seal(index: number, chunk: Uint8Array, lastOf?: string): Uint8Array {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(index, lastOf), {
      authTagLength: TAG_LENGTH,
    });
    cipher.setAAD(this.#associatedData(lastOf));
    this.#sealed ??= new Uint8Array(SEALED_CHUNK_LENGTH);
    this.#sealed.set(cipher.update(chunk));
    cipher.final();
    this.#sealed.set(cipher.getAuthTag(), chunk.length);
    return this.#sealed.subarray(0, chunk.length + TAG_LENGTH);
  }

  /**
   * Gives nothing out before the tag has been checked.
   *
   * @param sealed ciphertext and tag.
   * @throws Error unless exactly this was sealed, at this index, in this blob.
   */
  open(index: number, sealed: Uint8Array, lastOf?: string): Uint8Array {
    const tagStart = sealed.length - TAG_LENGTH;
    if (tagStart < 0) throw new RangeError(`A chunk of ${sealed.length} bytes has no whole tag.`);
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(index, lastOf), {
      authTagLength: TAG_LENGTH,
    });
    decipher.setAAD(this.#associatedData(lastOf));
    decipher.setAuthTag(sealed.subarray(tagStart));
    const chunk = decipher.update(sealed.subarray(0, tagStart));
    decipher.final();
    return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
  }

  #associatedData(lastOf: string | undefined): Uint8Array {
    if (lastOf === undefined) return this.#sharedData;
    return joinBytes([this.#header, encodeParts([this.#instanceId, lastOf])]);
  }
}

function nonceOf(index: number, lastOf: string | undefined): Uint8Array {
  const nonce = Buffer.alloc(NONCE_LENGTH);
  nonce.writeUIntBE(index, NONCE_LENGTH - 1 - COUNTER_LENGTH, COUNTER_LENGTH);
  nonce.writeUInt8(lastOf === undefined ? 0 : 1, NONCE_LENGTH - 1);
  return nonce;
}
