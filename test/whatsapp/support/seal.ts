import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';

/** What an edit, a vote or a reaction is sealed with: the secret of the message that it is about, and the names of both. */
export interface SealingKey {
  readonly secret: Uint8Array;
  readonly use: 'Poll Vote' | 'Enc Reaction' | 'Message Edit';
  readonly originalId: string;
  readonly originalSender: string;
  readonly sender: string;
}

/** As a phone seals it, by Node's own crypto. */
export function seal(plain: Uint8Array, { secret, use, originalId, originalSender, sender }: SealingKey) {
  const info = `${originalId}${originalSender}${sender}${use}`;
  const key = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(32), info, 32));
  const encIv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, encIv);
  if (use === 'Poll Vote') cipher.setAAD(Buffer.from(`${originalId}\0${sender}`));
  const encPayload = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { encPayload, encIv };
}
