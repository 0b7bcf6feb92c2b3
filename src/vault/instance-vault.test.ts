import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealError } from './errors.js';
import { InstanceVault, SEAL_OVERHEAD_LENGTH } from './instance-vault.js';
import type { Place } from './place.js';

const vault = new InstanceVault('instance-1', randomBytes(32));
const place: Place = { table: 'messages', id: 'row-7', column: 'content' };
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const text = fc.string({ unit: 'grapheme' });
const anyPlace = fc.record({ table: text, id: text, column: text });

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe('seal and open', () => {
  test('give back any bytes at any place', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), anyPlace, (plaintext, anywhere) => {
        const sealed = vault.seal(plaintext, anywhere);
        expect(sealed).toHaveLength(plaintext.length + SEAL_OVERHEAD_LENGTH);
        expect(hex(vault.open(sealed, anywhere))).toBe(hex(plaintext));
      }),
    );
  });

  test('the format starts with version 1 and key number 1, and hides the content', () => {
    const sealed = Buffer.from(vault.seal(Buffer.from('meet me at the bridge'), place));
    expect(sealed.subarray(0, 5).toString('hex')).toBe('0100000001');
    expect(sealed.includes('bridge')).toBe(false);
  });

  test('the same value sealed twice differs', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (plaintext) => {
        expect(hex(vault.seal(plaintext, place))).not.toBe(hex(vault.seal(plaintext, place)));
      }),
    );
  });

  test('every single flipped bit is found', () => {
    const sealed = vault.seal(Buffer.from('hello'), place);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const damaged = Uint8Array.from(sealed);
      damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
      expect(() => vault.open(damaged, place), `bit ${bit}`).toThrow(SealError);
    }
  });

  test('a flipped bit is found in values of any length', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), fc.nat(), (plaintext, position) => {
        const damaged = Uint8Array.from(vault.seal(plaintext, place));
        const bit = position % (damaged.length * 8);
        damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
        expect(() => vault.open(damaged, place)).toThrow(SealError);
      }),
    );
  });

  test('every shortened value is found', () => {
    const sealed = vault.seal(Buffer.from('hello'), place);
    for (let length = 0; length < sealed.length; length++) {
      expect(() => vault.open(sealed.subarray(0, length), place), `${length} bytes`).toThrow(SealError);
    }
  });

  test('a value opens at its own place only', () => {
    fc.assert(
      fc.property(anyPlace, anyPlace, (here, there) => {
        fc.pre(JSON.stringify(here) !== JSON.stringify(there));
        expect(() => vault.open(vault.seal(Buffer.from('hello'), here), there)).toThrow(SealError);
      }),
    );
  });

  test.each([
    ['a letter moved from the table to the id', { table: 'message', id: 'srow-7', column: 'content' }],
    ['a letter moved from the id to the column', { table: 'messages', id: 'row-', column: '7content' }],
    ['id and column exchanged', { table: 'messages', id: 'content', column: 'row-7' }],
  ])('places are told apart: %s', (_title, there) => {
    const sealed = vault.seal(Buffer.from('hello'), place);
    expect(() => vault.open(sealed, there)).toThrow(SealError);
  });

  test('another instance cannot open it, even with the same key', () => {
    const instanceKey = randomBytes(32);
    const sealed = new InstanceVault('instance-1', instanceKey).seal(Buffer.from('hello'), place);
    expect(() => new InstanceVault('instance-2', instanceKey).open(sealed, place)).toThrow(SealError);
    expect(() => vault.open(sealed, place)).toThrow(SealError);
    expect(hex(new InstanceVault('instance-1', instanceKey).open(sealed, place))).toBe(
      hex(Buffer.from('hello')),
    );
  });

  test('the error names the place and likely causes', () => {
    const sealed = vault.seal(Buffer.from('hello'), place);
    const moved = thrownBy(() => vault.open(sealed, { ...place, id: 'row-8' }));
    expect(moved).toMatchObject({ name: 'SealError', place: { id: 'row-8' } });
    expect(String(moved)).toMatch(/messages\.content of row-8.*moved.*damaged.*another key/);

    const later = Uint8Array.from(sealed);
    later[4] = 2;
    expect(() => vault.open(later, place)).toThrow(/key number 2/);
    later[0] = 2;
    expect(() => vault.open(later, place)).toThrow(/format is version 2/);
    expect(() => vault.open(new Uint8Array(3), place)).toThrow(/3 bytes.*cut short/);
  });
});

describe('text and JSON', () => {
  test('give back any well-formed text, also a byte order mark and NUL', () => {
    fc.assert(
      fc.property(text, (value) => {
        expect(vault.openText(vault.sealText(value, place), place)).toBe(value);
      }),
      { examples: [['\uFEFFhello\0'], ['']] },
    );
  });

  test('give back any JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const expected: unknown = JSON.parse(JSON.stringify(value));
        expect(vault.openJson(vault.sealJson(value, place), place)).toStrictEqual(expected);
      }),
    );
  });

  test('refuse what would not come back the same', () => {
    expect(() => vault.sealText('half \ud83d', place)).toThrow(/messages\.content of row-7.*lone surrogate/);
    expect(() => vault.sealJson(undefined, place)).toThrow(/is undefined/);
  });

  test('bytes that are no text and text that is no JSON are said to be so, without quoting them', () => {
    const bytes = vault.seal(Uint8Array.of(0xff, 0xfe), place);
    expect(() => vault.openText(bytes, place)).toThrow(/authentic, but it is not UTF-8/);

    const error = thrownBy(() => vault.openJson(vault.sealText('bridge', place), place));
    expect(error).toBeInstanceOf(SealError);
    expect(error).not.toHaveProperty('cause');
    expect(`${error} ${(error as Error).stack}`).not.toContain('bridge');
  });
});

describe('lookup', () => {
  const otherVault = new InstanceVault('instance-2', randomBytes(32));

  test('is the same each time, and another for another instance or scope', () => {
    fc.assert(
      fc.property(text, (value) => {
        const digest = hex(vault.lookup('address', value));
        expect(digest).toMatch(/^[0-9a-f]{64}$/);
        expect(hex(vault.lookup('address', value))).toBe(digest);
        expect(hex(vault.lookup('event', value))).not.toBe(digest);
        expect(hex(otherVault.lookup('address', value))).not.toBe(digest);
      }),
    );
  });

  test('survives a restart: it depends on the instance key only', () => {
    const instanceKey = Buffer.alloc(32, 5);
    const digest = () => hex(new InstanceVault('i', instanceKey).lookup('address', '+12025550123'));
    expect(digest()).toBe(digest());
  });

  test('different scope and value never share a digest', () => {
    fc.assert(
      fc.property(fc.tuple(text, text), fc.tuple(text, text), (left, right) => {
        fc.pre(left[0] !== right[0] || left[1] !== right[1]);
        expect(hex(vault.lookup(...left))).not.toBe(hex(vault.lookup(...right)));
      }),
    );
    expect(hex(vault.lookup('a', 'bc'))).not.toBe(hex(vault.lookup('ab', 'c')));
  });

  test('refuses a lone surrogate, which would share the digest of U+FFFD', () => {
    expect(() => vault.lookup('address', '\ud800')).toThrow(/lone surrogate/);
  });

  test('lookupId is a UUID of version 8, the same each time', () => {
    fc.assert(
      fc.property(text, (value) => {
        const id = vault.lookupId('conversation', value);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(vault.lookupId('conversation', value)).toBe(id);
        expect(otherVault.lookupId('conversation', value)).not.toBe(id);
        expect(id.slice(0, 8)).toBe(hex(vault.lookup('conversation', value)).slice(0, 8));
      }),
    );
  });
});

test('objectDigest does not depend on how the content is cut, and differs between instances', () => {
  const digest = (of: InstanceVault, ...chunks: string[]) => {
    const running = of.objectDigest();
    for (const chunk of chunks) running.update(chunk);
    return running.digest('hex');
  };
  expect(digest(vault, 'hello')).toBe(digest(vault, 'hel', 'lo'));
  expect(digest(vault, 'hello')).not.toBe(digest(vault, 'hullo'));
  expect(digest(vault, 'hello')).not.toBe(digest(new InstanceVault('instance-1', randomBytes(32)), 'hello'));
});

/** Pins the stored format: a change that breaks this breaks every database in the field. */
test('values sealed by earlier versions still open', () => {
  const fixed = new InstanceVault('instance-1', Buffer.alloc(32, 0x2a));
  const sealed = Buffer.from(PINNED.sealed, 'hex');
  expect(fixed.openText(sealed, place)).toBe('hello');
  expect(hex(fixed.lookup('address', '+12025550123'))).toBe(PINNED.lookup);
  expect(fixed.lookupId('conversation', 'desk')).toBe(PINNED.lookupId);
  expect(fixed.objectDigest().update('hello').digest('hex')).toBe(PINNED.objectDigest);
});

const PINNED = {
  sealed:
    '0100000001e5a36f7c98363d22b7c94c8ec68a3fc9525e9232331e50b46928f8a4c586d97a74f494290c8db7789a9d5e4e7e',
  lookup: '0d3b022cc73f29e912d9715b7e674a95d373d57537460a68668f1296b93aac01',
  lookupId: '4c666a8d-1bf7-8467-b34f-f16cb2b6eb24',
  objectDigest: '231e102adc09211d1cf2eb6dc388bb7e7e33630a6e2a3d7139cd72f6abc97593',
};
