import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MasterKeyError } from './errors.js';
import { MasterKey, masterKeyId, parseMasterKey } from './master-key.js';

const bytesOf32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

describe('parseMasterKey', () => {
  test('reads what openssl rand -base64 32 prints, newline included', () => {
    fc.assert(
      fc.property(bytesOf32, (bytes) => {
        const parsed = parseMasterKey(`${Buffer.from(bytes).toString('base64')}\n`, 'ARCHWAY_MASTER_KEY');
        expect(masterKeyId(parsed)).toBe(masterKeyId(new MasterKey(bytes)));
      }),
    );
  });

  test.each([
    ['nothing', ''],
    ['white space', ' \n'],
    ['31 bytes', Buffer.alloc(31, 1).toString('base64')],
    ['33 bytes', Buffer.alloc(33, 1).toString('base64')],
    ['hexadecimal', Buffer.alloc(32, 0xfb).toString('hex')],
    ['base64url', Buffer.alloc(32, 0xfb).toString('base64').replaceAll('+', '-').replaceAll('/', '_')],
    ['no padding', Buffer.alloc(32, 0xfb).toString('base64url')],
    ['a space inside', `${Buffer.alloc(32, 0xfb).toString('base64').slice(0, 20)} ${'A'.repeat(22)}=`],
    ['spare bits that are set', `${'A'.repeat(42)}B=`],
  ])('refuses %s, says how to make a key, and does not repeat it', (_title, text) => {
    let thrown: unknown;
    try {
      parseMasterKey(text, 'ARCHWAY_MASTER_KEY');
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(MasterKeyError);
    expect(String(thrown)).toMatch(/ARCHWAY_MASTER_KEY.*openssl rand -base64 32/);
    if (text.trim() !== '') expect(String(thrown)).not.toContain(text.trim());
  });
});

test('a master key of another length is refused', () => {
  expect(() => new MasterKey(randomBytes(16))).toThrow(/16 bytes.*exactly 32 bytes/);
});

test('a master key does not follow later changes to the bytes that it was made from', () => {
  const bytes = Buffer.alloc(32, 3);
  const masterKey = new MasterKey(bytes);
  bytes.fill(0);
  expect(masterKeyId(masterKey)).toBe(masterKeyId(new MasterKey(Buffer.alloc(32, 3))));
});

describe('masterKeyId', () => {
  test('is short, the same each time, and another for another key', () => {
    fc.assert(
      fc.property(bytesOf32, bytesOf32, (left, right) => {
        fc.pre(Buffer.compare(left, right) !== 0);
        expect(masterKeyId(new MasterKey(left))).toMatch(/^[0-9a-f]{16}$/);
        expect(masterKeyId(new MasterKey(left))).toBe(masterKeyId(new MasterKey(left)));
        expect(masterKeyId(new MasterKey(left))).not.toBe(masterKeyId(new MasterKey(right)));
      }),
    );
  });
});

test('derived keys differ by purpose', () => {
  const masterKey = new MasterKey(Buffer.alloc(32, 3));
  expect(masterKey.derive('a')).toHaveLength(32);
  expect(masterKey.derive('a')).toEqual(masterKey.derive('a'));
  expect(masterKey.derive('a')).not.toEqual(masterKey.derive('b'));
});
