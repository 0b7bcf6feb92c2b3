import { createDecipheriv, hkdfSync } from 'node:crypto';
import { bytesOf, type Fields } from './fields.js';
import { readWire, type WireType } from './wire.js';

/** What is sealed under the secret that an earlier message carries, as it is named in the derivation of its key. */
export type SecretUse =
  | 'Poll Vote'
  | 'Enc Reaction'
  | 'Enc Comment'
  | 'Event Response'
  | 'Event Edit'
  | 'Message Edit';

/** Those whose seal also covers the original's id and the sender's. */
const bound: readonly SecretUse[] = ['Poll Vote', 'Event Response'];

const keyLength = 32;
const tagLength = 16;

export interface Sealed {
  readonly use: SecretUse;
  readonly secret: Uint8Array;
  /** Id of the message that carries the secret. */
  readonly originalId: string;
  /** Bare jids by which its sender, and who sealed this, may have been named: a number or a LID. */
  readonly originalSenders: readonly string[];
  readonly senders: readonly string[];
  readonly payload: Uint8Array;
  readonly iv: Uint8Array;
}

/** Opens it under whichever of the names fits. Undefined when none does, or when it is not what it should be. */
export function openSealed(sealed: Sealed, type: WireType): Fields | undefined {
  for (const originalSender of sealed.originalSenders) {
    for (const sender of sealed.senders) {
      const bytes = decrypt(sealed, originalSender, sender);
      if (bytes !== undefined) return readWire(bytes, type);
    }
  }
  return undefined;
}

function decrypt(sealed: Sealed, originalSender: string, sender: string): Uint8Array | undefined {
  const { use, secret, originalId, payload, iv } = sealed;
  if (payload.length < tagLength) return undefined;
  const info = `${originalId}${originalSender}${sender}${use}`;
  try {
    const key = hkdfSync('sha256', secret, new Uint8Array(), info, keyLength);
    const decipher = createDecipheriv('aes-256-gcm', new Uint8Array(key), iv);
    if (bound.includes(use)) decipher.setAAD(Buffer.from(`${originalId}\0${sender}`));
    decipher.setAuthTag(payload.subarray(-tagLength));
    return Buffer.concat([decipher.update(payload.subarray(0, -tagLength)), decipher.final()]);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}

/** The two parts of a sealed field, however it is called. */
export function sealedParts(value: Fields): Pick<Sealed, 'payload' | 'iv'> | undefined {
  const payload = bytesOf(value.encPayload);
  const iv = bytesOf(value.encIv);
  return payload && iv && { payload, iv };
}
