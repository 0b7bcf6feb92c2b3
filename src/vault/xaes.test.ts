import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { XAES_KEY_LENGTH, XAES_NONCE_LENGTH, XAES_TAG_LENGTH, Xaes256Gcm } from './xaes.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

describe('vectors of c2sp.org/XAES-256-GCM', () => {
  const nonce = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWX');
  const plaintext = Buffer.from('XAES-256-GCM');

  test.each([
    {
      title: 'the encrypted zero block starts with bit 0',
      keyByte: 0x01,
      additionalData: '',
      expected: 'ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271',
    },
    {
      title: 'the encrypted zero block starts with bit 1',
      keyByte: 0x03,
      additionalData: 'c2sp.org/XAES-256-GCM',
      expected: '986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d',
    },
  ])('$title', ({ keyByte, additionalData, expected }) => {
    const cipher = new Xaes256Gcm(Buffer.alloc(XAES_KEY_LENGTH, keyByte));
    const sealed = cipher.seal(nonce, plaintext, Buffer.from(additionalData));
    expect(hex(sealed)).toBe(expected);
    expect(hex(cipher.open(nonce, sealed, Buffer.from(additionalData)))).toBe(hex(plaintext));
  });

  test('accumulated: 10,000 random messages read from SHAKE-128', () => {
    expect(accumulate(10_000)).toBe('e6b9edf2df6cec60c8cbd864e2211b597fb69a529160cd040d56c0c210081939');
  });
});

/** The accumulated test of the specification: seal what a SHAKE-128 stream says, hash the results. */
function accumulate(iterations: number): string {
  const messageLengthMax = XAES_KEY_LENGTH + XAES_NONCE_LENGTH + 2 * 256;
  const stream = createHash('shake128', { outputLength: iterations * messageLengthMax }).digest();
  const results = createHash('shake128', { outputLength: 32 });
  let offset = 0;
  const take = (length: number) => {
    offset += length;
    return stream.subarray(offset - length, offset);
  };
  const takePrefixed = () => take(take(1).readUInt8());
  for (let iteration = 0; iteration < iterations; iteration++) {
    const cipher = new Xaes256Gcm(take(XAES_KEY_LENGTH));
    const nonce = take(XAES_NONCE_LENGTH);
    const plaintext = takePrefixed();
    const additionalData = takePrefixed();
    const sealed = cipher.seal(nonce, plaintext, additionalData);
    if (!plaintext.equals(cipher.open(nonce, sealed, additionalData)))
      throw new Error(`message ${iteration}`);
    results.update(sealed);
  }
  return results.digest('hex');
}

test('opens what it sealed, also after other messages went through the same object', () => {
  const cipher = new Xaes256Gcm(Buffer.alloc(XAES_KEY_LENGTH, 7));
  const message = fc.tuple(bytesOf(XAES_NONCE_LENGTH), fc.uint8Array(), fc.uint8Array());
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (messages) => {
      const sealed = messages.map((parts) => cipher.seal(...parts));
      messages.forEach(([nonce, plaintext, additionalData], index) => {
        expect(sealed[index]).toHaveLength(plaintext.length + XAES_TAG_LENGTH);
        expect(hex(cipher.open(nonce, sealed[index]!, additionalData))).toBe(hex(plaintext));
      });
    }),
  );
});

test('another key, nonce, additional data or tag does not open', () => {
  const key = Buffer.alloc(XAES_KEY_LENGTH, 1);
  const nonce = Buffer.alloc(XAES_NONCE_LENGTH, 2);
  const additionalData = Buffer.from('place');
  const cipher = new Xaes256Gcm(key);
  const sealed = cipher.seal(nonce, Buffer.from('hello'), additionalData);

  const otherCipher = new Xaes256Gcm(Buffer.alloc(XAES_KEY_LENGTH, 9));
  expect(() => otherCipher.open(nonce, sealed, additionalData)).toThrow(/authenticate/);
  for (const byte of [0, 11, 12, 23]) {
    const otherNonce = Buffer.from(nonce);
    otherNonce[byte] = 0xff;
    expect(() => cipher.open(otherNonce, sealed, additionalData)).toThrow(/authenticate/);
  }
  expect(() => cipher.open(nonce, sealed, Buffer.from('plaice'))).toThrow(/authenticate/);
  expect(() => cipher.open(nonce, sealed.subarray(1), additionalData)).toThrow(/authenticate/);
  expect(() => cipher.open(nonce, sealed.subarray(0, XAES_TAG_LENGTH - 1), additionalData)).toThrow(
    /at least 16/,
  );
});

test('keys and nonces of another length are refused', () => {
  expect(() => new Xaes256Gcm(Buffer.alloc(16))).toThrow('key has 32 bytes, not 16');
  const cipher = new Xaes256Gcm(Buffer.alloc(XAES_KEY_LENGTH));
  const none = Buffer.alloc(0);
  expect(() => cipher.seal(Buffer.alloc(12), none, none)).toThrow('nonce has 24 bytes, not 12');
  expect(() => cipher.open(Buffer.alloc(12), Buffer.alloc(16), none)).toThrow('nonce has 24 bytes, not 12');
});

test('results own their memory, so that handing one to a worker hands over nothing else', () => {
  const cipher = new Xaes256Gcm(Buffer.alloc(XAES_KEY_LENGTH));
  const nonce = Buffer.alloc(XAES_NONCE_LENGTH);
  const sealed = cipher.seal(nonce, Buffer.from('hello'), Buffer.alloc(0));
  expect(sealed.buffer.byteLength).toBe(sealed.length);
  expect(cipher.open(nonce, sealed, Buffer.alloc(0)).buffer.byteLength).toBe(5);
});
