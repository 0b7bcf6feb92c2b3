import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { leafHash, newSalt, saltedBytesDigest, saltedJsonDigest, sha256Hex } from './digest.js';

const salt = Buffer.from('000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 'hex');

describe('digests of the record format', () => {
  it('of JSON: HMAC-SHA-256 of the canonical bytes under the salt', () => {
    const canonical = '{"a":[1,"ü"],"b":null}';
    const expected = createHmac('sha256', salt).update(canonical, 'utf8').digest('hex');
    expect(saltedJsonDigest(salt, { b: null, a: [1, 'ü'] })).toBe(expected);
    // The same by `printf '{"a":[1,"ü"],"b":null}' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0001…1f`.
    expect(expected).toBe('630b72e2b47a2455d79deaefa72acfec2c4f2c3fb642ddef2ebb6811a16306b3');
  });

  it('of bytes: HMAC-SHA-256 of their SHA-256 under the salt', () => {
    const bytes = Buffer.from([0, 255, 10, 13]);
    const inner = createHash('sha256').update(bytes).digest();
    expect(saltedBytesDigest(salt, bytes)).toBe(createHmac('sha256', salt).update(inner).digest('hex'));
  });

  it('of a leaf: SHA-256 of a zero and the skeleton, which is RFC 6962', () => {
    // The hash of the leaf "" in RFC 6962's reference tests.
    expect(Buffer.from(leafHash(new Uint8Array())).toString('hex')).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
  });

  it('of a file: the known SHA-256 of "abc"', () => {
    expect(sha256Hex(Buffer.from('abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });

  it('say nothing alike under another salt', () => {
    expect(saltedJsonDigest(newSalt(), 'yes')).not.toBe(saltedJsonDigest(newSalt(), 'yes'));
    expect(newSalt()).toHaveLength(32);
  });
});
