import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { apiKeysEqual, createApiKey, hashApiKey } from './api-key.js';

test('a key is ak_ and 32 random bytes in base64url', () => {
  const keys = Array.from({ length: 100 }, createApiKey);
  for (const key of keys) {
    expect(key).toMatch(/^ak_[A-Za-z0-9_-]{43}$/);
    expect(Buffer.from(key.slice(3), 'base64url')).toHaveLength(32);
  }
  expect(new Set(keys).size).toBe(100);
});

test('the stored hash is the same each time, differs between keys, and is no bare SHA-256', () => {
  const key = createApiKey();
  expect(hashApiKey(key)).toMatch(/^[0-9a-f]{64}$/);
  expect(hashApiKey(key)).toBe(hashApiKey(key));
  expect(hashApiKey(key)).not.toBe(hashApiKey(createApiKey()));
  expect(hashApiKey(key)).not.toBe(createHash('sha256').update(key).digest('hex'));
});

test('hashes stored by earlier versions still match', () => {
  expect(hashApiKey(`ak_${'A'.repeat(43)}`)).toBe(
    '072d4ec67679ab9283bb63218004cfd757d035d18f73f8a6aaabac8528bd3eaf',
  );
});

test('keys and hashes are compared whole; another length is an ordinary no', () => {
  const key = createApiKey();
  expect(apiKeysEqual(key, `${key}`)).toBe(true);
  expect(apiKeysEqual(hashApiKey(key), hashApiKey(key))).toBe(true);
  expect(apiKeysEqual(key, createApiKey())).toBe(false);
  expect(apiKeysEqual(key, key.slice(0, -1))).toBe(false);
  expect(apiKeysEqual(key, '')).toBe(false);
});
