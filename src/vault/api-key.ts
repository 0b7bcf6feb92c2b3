import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * A new API key: `ak_` and 43 characters of base64url, which hold 32 random bytes. The prefix lets secret scanners
 * and people recognise a key that has strayed into a file. Show it once and store only `hashApiKey` of it.
 */
export function createApiKey(): string {
  return `ak_${randomBytes(32).toString('base64url')}`;
}

/**
 * What is stored of an API key, and looked up when one is presented: SHA-256 under a prefix of its own, 64
 * hexadecimal digits.
 *
 * A fast hash is right here. Slow ones (argon2id, scrypt) make guessing dear where people choose the secret and a
 * list of likely ones exists; among 2^256 equally likely keys there is nothing to guess, at any speed. A slow hash
 * would only let strangers burn our processor by presenting keys. It must not be used for passwords.
 */
export function hashApiKey(apiKey: string): string {
  return createHash('sha256').update('archway/v1/api-key\0').update(apiKey).digest('hex');
}

/**
 * Whether two API keys (or two hashes of keys) are the same, in a time that does not depend on where they differ.
 * Their hashes are compared, so that different lengths are an ordinary "no".
 */
export function apiKeysEqual(left: string, right: string): boolean {
  return timingSafeEqual(Buffer.from(hashApiKey(left)), Buffer.from(hashApiKey(right)));
}
