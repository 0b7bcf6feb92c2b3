import { createCipheriv, createHash, createHmac, hkdfSync, randomBytes } from 'node:crypto';
import { MEDIA_HKDF_KEY_MAPPING } from '@whiskeysockets/baileys';

export type MediaKind = keyof typeof MEDIA_HKDF_KEY_MAPPING;

/** What a message says of its media: spread it into `imageMessage`, `audioMessage`, `historySyncNotification` and so on. */
export interface MediaFields {
  readonly url: string;
  readonly directPath: string;
  readonly mediaKey: Buffer;
  readonly fileSha256: Buffer;
  readonly fileEncSha256: Buffer;
  readonly fileLength: number;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Encrypts a file as its sender does: AES-256-CBC, then ten bytes of an HMAC, with keys derived for the kind of media. */
export function encryptMedia(plain: Uint8Array, kind: MediaKind, mediaKey: Buffer = randomBytes(32)) {
  const info = `WhatsApp ${MEDIA_HKDF_KEY_MAPPING[kind]} Keys`;
  const keys = Buffer.from(hkdfSync('sha256', mediaKey, Buffer.alloc(32), info, 112));
  const [iv, cipherKey, macKey] = [keys.subarray(0, 16), keys.subarray(16, 48), keys.subarray(48, 80)];
  const cipher = createCipheriv('aes-256-cbc', cipherKey, iv);
  const encrypted = Buffer.concat([cipher.update(plain), cipher.final()]);
  const mac = createHmac('sha256', macKey).update(iv).update(encrypted).digest().subarray(0, 10);
  const bytes = Buffer.concat([encrypted, mac]);
  return {
    bytes,
    mediaKey,
    fileSha256: sha256(plain),
    fileEncSha256: sha256(bytes),
    fileLength: plain.length,
  };
}

/** Finds the key of the media that a message carries, however deep. */
export function mediaKeyIn(value: unknown): Uint8Array | undefined {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return undefined;
  if ('mediaKey' in value && value.mediaKey instanceof Uint8Array) return value.mediaKey;
  for (const inner of Object.values(value) as unknown[]) {
    const found = mediaKeyIn(inner);
    if (found !== undefined) return found;
  }
  return undefined;
}
