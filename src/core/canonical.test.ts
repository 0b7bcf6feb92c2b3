import canonicalizeModule from 'canonicalize';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalBytes, wellFormed } from './canonical.js';

// The package is CommonJS with types of an ES module: at run time the default import is the function itself.
const canonicalize = canonicalizeModule as unknown as (value: unknown) => string;
const canonical = (value: unknown) => Buffer.from(canonicalBytes(value)).toString('utf8');

/** JSON that has a canonical form here: integers only, well-formed strings. */
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().filter((number) => !Object.is(number, -0)),
    fc.string({ unit: 'grapheme' }),
    fc.array(tie('tree'), { maxLength: 5 }),
    fc.dictionary(fc.string({ unit: 'grapheme' }), tie('tree'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));

describe('canonicalBytes', () => {
  it('sorts the keys of RFC 8785, section 3.2.3, by UTF-16 code units', () => {
    const given = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonical(given)))).toHaveLength(7);
    expect([...canonical(given).matchAll(/:"([^"]+)"/g)].map(([, value]) => value)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('writes strings and literals as RFC 8785, section 3.2.2, does', () => {
    const given = { string: '\u20ac$\u000f\nA\'B"\\\\"/', literals: [null, true, false] };
    expect(canonical(given)).toBe(
      '{"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it('writes what the library of the RFC’s authors writes', () => {
    const equal = (value: unknown) => {
      expect(canonical(value)).toBe(canonicalize(value));
    };
    fc.assert(fc.property(tree, equal));
    const texts = fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }));
    fc.assert(fc.property(texts, (value) => equal(wellFormed(value))));
  });

  it('leaves out what is undefined in an object', () => {
    expect(canonical({ b: undefined, a: { c: undefined } })).toBe('{"a":{}}');
  });

  it('can be read back as what it was', () => {
    fc.assert(
      fc.property(tree, (value) => {
        expect(JSON.parse(canonical(value))).toEqual(value);
      }),
    );
  });

  it('is the same for the same value, in whatever order its keys stand, and stays the same', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([key, item]) => [key, shuffled(item)]),
      );
    };
    fc.assert(
      fc.property(tree, (value) => {
        expect(canonical(shuffled(value))).toBe(canonical(value));
        expect(canonical(JSON.parse(canonical(value)))).toBe(canonical(value));
      }),
    );
  });

  it('gives every object keys in the order of their code units', () => {
    const keys = fc.dictionary(
      fc.string({ unit: 'binary' }).filter((key) => key.isWellFormed()),
      fc.constant(1),
    );
    fc.assert(
      fc.property(keys, (value) => {
        const names = [...canonical(value).matchAll(/("(?:[^"\\]|\\.)*"):1/g)].map(([, name]) =>
          JSON.parse(name!),
        );
        expect(names).toEqual(Object.keys(value).sort());
      }),
    );
  });

  it.each([
    ['a fraction', { a: [0.5] }, '$.a[0]'],
    ['a number that is not exact', 2 ** 53, '$'],
    ['infinity', { a: Number.POSITIVE_INFINITY }, '$.a'],
    ['what is not a number', { a: Number.NaN }, '$.a'],
    ['a lone surrogate', { a: 'x\ud800' }, '$.a'],
    ['a lone surrogate in a key', { 'x\udfff': 1 }, '$ (a key)'],
    ['undefined in an array', [1, undefined], '$[1]'],
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    ['a hole in an array', [1, , 2], '$[1]'],
    ['a big integer', { a: 1n }, '$.a'],
    ['a function', { a: () => 1 }, '$.a'],
    ['a symbol', [Symbol('a')], '$[0]'],
    ['undefined', undefined, '$'],
    ['a date', { a: new Date(0) }, '$.a'],
    ['a map', { a: new Map([['b', 1]]) }, '$.a'],
    ['bytes', { a: Uint8Array.of(1) }, '$.a'],
    ['what names another form of itself', { a: { toJSON: () => 'b' } }, '$.a'],
  ])('refuses %s and says where it stands', (_, value, path) => {
    expect(() => canonicalBytes(value)).toThrow(TypeError);
    expect(() => canonicalBytes(value)).toThrow(path);
  });

  it('does not repeat a value that it refuses', () => {
    expect(() => canonicalBytes({ text: 'sell everything\ud800' })).toThrow(/^(?!.*sell)/);
  });
});

describe('wellFormed', () => {
  it('makes any JSON canonical, and leaves well-formed JSON as it is', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' })), (value) => {
        expect(() => canonicalBytes(wellFormed(value))).not.toThrow();
      }),
    );
    fc.assert(
      fc.property(tree, (value) => {
        expect(wellFormed(value)).toEqual(value);
      }),
    );
  });

  it('replaces what cannot be written, in texts and keys', () => {
    expect(wellFormed({ 'k\ud800': ['t\udc00', { a: 'fine' }] })).toEqual({
      'k\uFFFD': ['t\uFFFD', { a: 'fine' }],
    });
  });
});
