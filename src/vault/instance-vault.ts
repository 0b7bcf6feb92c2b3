import { isUtf8 } from 'node:buffer';
import { createHmac, createSecretKey, type Hmac, hkdfSync, type KeyObject } from 'node:crypto';
import { drawRandom } from '../core/random.js';
import { encodeParts, encodeUtf8, joinBytes } from './bytes.js';
import { SealError } from './errors.js';
import { Opaque } from './opaque.js';
import { namePlace, type Place } from './place.js';
import { XAES_NONCE_LENGTH, XAES_TAG_LENGTH, Xaes256Gcm } from './xaes.js';

const FORMAT_VERSION = 1;
/** Each sealed value names its key, so that a later rotation can add a second one without touching old values. */
export const KEY_NUMBER = 1;
const HEADER_LENGTH = 5;

/** Bytes that sealing adds: version (1), key number (4), nonce (24), tag (16). */
export const SEAL_OVERHEAD_LENGTH = HEADER_LENGTH + XAES_NONCE_LENGTH + XAES_TAG_LENGTH;

/** The header of all that is sealed today. */
const currentHeader = joinBytes([Uint8Array.of(FORMAT_VERSION), bigEndian(KEY_NUMBER)]);

const LIKELY_CAUSES =
  'It was moved from another row, it is damaged, or it was sealed under another key. Compare the row with a backup.';

/**
 * Seals, opens and finds again everything that one instance stores. Made by `createInstanceKey` and
 * `openInstanceKey`. Each purpose has a key of its own, derived from the instance key.
 *
 * A sealed value is: version (1 byte, 1), key number (uint32, big endian), nonce (24 bytes), ciphertext, tag (16
 * bytes). Its associated data is the header, the instance and the place, so it opens nowhere else. Nonces are
 * always drawn from the system and cannot be handed in, not even by tests: a repeated nonce gives messages away.
 */
export class InstanceVault extends Opaque {
  readonly instanceId: string;
  readonly #seal: Xaes256Gcm;
  readonly #lookupKey: KeyObject;
  readonly #objectIdKey: KeyObject;
  readonly #blobKey: KeyObject;

  /** @param instanceKey 32 random bytes; not kept, so the caller may overwrite them afterwards. */
  constructor(instanceId: string, instanceKey: Uint8Array) {
    super();
    const derive = (info: string) => new Uint8Array(hkdfSync('sha256', instanceKey, '', info, 32));
    this.instanceId = instanceId;
    this.#seal = new Xaes256Gcm(derive('archway/v1/seal'));
    this.#lookupKey = createSecretKey(derive('archway/v1/lookup'));
    this.#objectIdKey = createSecretKey(derive('archway/v1/object-id'));
    this.#blobKey = createSecretKey(derive('archway/v1/blob'));
  }

  /** Seals bytes for one place. The same bytes sealed twice give unrelated results. */
  seal(plaintext: Uint8Array, place: Place): Uint8Array {
    const nonce = drawRandom(XAES_NONCE_LENGTH);
    const sealed = this.#seal.sealParts(nonce, plaintext, this.#associatedData(currentHeader, place));
    return joinBytes([currentHeader, nonce, ...sealed]);
  }

  /** @throws SealError unless this vault sealed exactly these bytes for this place. */
  open(sealed: Uint8Array, place: Place): Uint8Array {
    requireReadableFormat(sealed, place);
    const header = sealed.subarray(0, HEADER_LENGTH);
    const bodyStart = HEADER_LENGTH + XAES_NONCE_LENGTH;
    const associatedData = this.#associatedData(header, place);
    try {
      return this.#seal.open(
        sealed.subarray(HEADER_LENGTH, bodyStart),
        sealed.subarray(bodyStart),
        associatedData,
      );
    } catch (cause) {
      throw new SealError(place, LIKELY_CAUSES, { cause });
    }
  }

  /** @throws TypeError when the text has a lone surrogate, which UTF-8 cannot hold. */
  sealText(text: string, place: Place): Uint8Array {
    return this.seal(encodeUtf8(text, `The text for ${namePlace(place)}`), place);
  }

  /** @throws SealError as `open` does, or when the bytes are authentic but not UTF-8. */
  openText(sealed: Uint8Array, place: Place): string {
    const plaintext = this.open(sealed, place);
    if (!isUtf8(plaintext)) {
      throw new SealError(place, 'It is authentic, but it is not UTF-8 text: it was sealed as bytes.');
    }
    return Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.length).toString('utf8');
  }

  /** @throws TypeError when JSON cannot express the value (undefined, a function, a bigint, a cycle). */
  sealJson(value: unknown, place: Place): Uint8Array {
    // TypeScript says string, but JSON.stringify answers undefined for what it leaves out.
    const json: string | undefined = JSON.stringify(value);
    if (json === undefined) {
      throw new TypeError(
        `The value for ${namePlace(place)} is ${typeof value}, which JSON has no word for.`,
      );
    }
    return this.sealText(json, place);
  }

  /** @throws SealError as `openText` does, or when the text is authentic but not JSON. */
  openJson(sealed: Uint8Array, place: Place): unknown {
    const json = this.openText(sealed, place);
    try {
      return JSON.parse(json);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // Without its cause: the message of a SyntaxError quotes the text that it could not parse.
      throw new SealError(place, 'It is authentic, but it is not JSON: it was sealed as text or bytes.');
    }
  }

  /**
   * Keyed digest (HMAC-SHA-256, 32 bytes) by which a value is found again without being stored in clear. Another
   * instance or another scope gives an unrelated digest.
   *
   * @param scope what kind of value it is, such as `address` or `event`.
   * @param value in its normal form: digests of different spellings differ.
   * @throws TypeError when either has a lone surrogate.
   */
  lookup(scope: string, value: string): Uint8Array {
    const digest = createHmac('sha256', this.#lookupKey)
      .update(encodeParts([scope, value]))
      .digest();
    return new Uint8Array(digest);
  }

  /** The first 16 bytes of `lookup` as a UUID of version 8 (RFC 9562), for ids that must be the same each time. */
  lookupId(scope: string, value: string): string {
    const bytes = Buffer.from(this.lookup(scope, value).buffer, 0, 16);
    bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x80, 6);
    bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
    const hex = bytes.toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  }

  /**
   * A running keyed digest (HMAC-SHA-256) of an attachment's bytes, by which the blob store addresses it: feed the
   * chunks to `update`, then call `digest`. Keyed, since the bare hash of a well-known file says who has it.
   */
  objectDigest(): Hmac {
    return createHmac('sha256', this.#objectIdKey);
  }

  /**
   * The AES-256 key of one blob. Since no two blobs share a key, their chunks can be numbered instead of carrying
   * random nonces, and a chunk of one opens in no other.
   *
   * @param salt 32 random bytes, kept in the header of the blob.
   */
  blobKey(salt: Uint8Array): KeyObject {
    return createSecretKey(
      new Uint8Array(hkdfSync('sha256', this.#blobKey, salt, 'archway/v1/blob-chunks', 32)),
    );
  }

  #associatedData(header: Uint8Array, place: Place): Uint8Array {
    return encodeParts([this.instanceId, place.table, place.id, place.column], header);
  }
}

function bigEndian(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

function requireReadableFormat(sealed: Uint8Array, place: Place): void {
  if (sealed.length < SEAL_OVERHEAD_LENGTH) {
    throw new SealError(
      place,
      `It has ${sealed.length} bytes, and sealed values have at least ${SEAL_OVERHEAD_LENGTH}. It was cut short or ` +
        'never sealed. Compare the row with a backup.',
    );
  }
  const view = new DataView(sealed.buffer, sealed.byteOffset, HEADER_LENGTH);
  const version = view.getUint8(0);
  if (version !== FORMAT_VERSION) {
    throw new SealError(
      place,
      `Its format is version ${version}, and this program reads version ${FORMAT_VERSION}. It is damaged, was never ` +
        'sealed, or a newer Archway wrote it.',
    );
  }
  const keyNumber = view.getUint32(1);
  if (keyNumber !== KEY_NUMBER) {
    throw new SealError(
      place,
      `It names key number ${keyNumber}, and this instance has key number ${KEY_NUMBER} only. It is damaged, or a ` +
        'newer Archway wrote it.',
    );
  }
}
