import { createHmac } from 'node:crypto';

/** Signatures by Standard Webhooks 1.0: https://github.com/standard-webhooks/standard-webhooks */

const prefix = 'whsec_';

/** Whether a text is a symmetric secret as the standard writes it: `whsec_` and 24 to 64 bytes in padded base64. */
export function isSecretKey(text: string): boolean {
  if (!text.startsWith(prefix)) return false;
  const bytes = keyOf(text);
  // Node passes over what is no base64; another spelling of the same bytes may be another key to another library.
  return bytes.toString('base64') === text.slice(prefix.length) && bytes.length >= 24 && bytes.length <= 64;
}

function keyOf(secret: string): Buffer {
  return Buffer.from(secret.slice(prefix.length), 'base64');
}

export interface Signed {
  /** `webhook-id`; without a full stop, which parts the fields of what is signed. */
  readonly id: string;
  /** `webhook-timestamp`: the time of the attempt, in whole seconds since 1970. */
  readonly timestamp: number;
  readonly body: Uint8Array;
}

/** Value of `webhook-signature`: one signature for each secret, in the order given, with blanks between. */
export function signatureOf({ id, timestamp, body }: Signed, secrets: readonly string[]): string {
  const sign = (secret: string) =>
    createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.`).update(body).digest('base64');
  return secrets.map((secret) => `v1,${sign(secret)}`).join(' ');
}
