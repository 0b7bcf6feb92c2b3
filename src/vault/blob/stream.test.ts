import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SealError } from '../errors.js';
import { LengthExceededError } from './blob-store.js';
import { HEADER_LENGTH, SEALED_CHUNK_LENGTH } from './chunk-cipher.js';
import { openStream } from './open-stream.js';
import { sealStream } from './seal-stream.js';
import { collect, contentOf, inPieces, SealedInMemory, sealInMemory, vaultOf } from './testing.js';

const chunk = 65_536;
const vault = vaultOf('instance-1');
const borders = [0, 1, chunk - 1, chunk, chunk + 1, 2 * chunk - 1, 2 * chunk, 2 * chunk + 1, 3 * chunk];

async function openWhole(id: string, sealed: Uint8Array): Promise<Buffer> {
  return collect((await openStream(vault, id, new SealedInMemory(sealed))).read());
}

describe('round trip', () => {
  test.each(borders)('%i bytes', async (byteLength) => {
    const content = contentOf(byteLength);
    const { id, sealed, ...blob } = await sealInMemory(vault, content);
    expect(blob).toEqual({ byteLength, sha256: createHash('sha256').update(content).digest('hex') });
    expect(id).toBe(vault.objectDigest().update(content).digest('hex'));
    const chunkCount = Math.max(1, Math.ceil(byteLength / chunk));
    expect(sealed).toHaveLength(HEADER_LENGTH + byteLength + 16 * chunkCount);
    expect((await openWhole(id, sealed)).equals(content)).toBe(true);
  });

  test('any length, in pieces of any size', async () => {
    const lengths = fc.oneof(fc.constantFrom(...borders), fc.nat(4 * chunk));
    const pieceLengths = fc.oneof(
      fc.integer({ min: 1000, max: 200_000 }),
      fc.constantFrom(chunk, chunk + 16),
    );
    await fc.assert(
      fc.asyncProperty(lengths, pieceLengths, pieceLengths, async (byteLength, sealedBy, openedBy) => {
        const content = contentOf(byteLength);
        const { id, sealed } = await sealInMemory(vault, content, sealedBy);
        const opened = await openStream(vault, id, new SealedInMemory(sealed, openedBy));
        expect(opened.byteLength).toBe(byteLength);
        expect((await collect(opened.read())).equals(content)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('byte by byte, with empty pieces between', async () => {
    async function* trickle() {
      for (const byte of contentOf(100)) {
        yield Uint8Array.of();
        yield Uint8Array.of(byte);
      }
    }
    const parts: Uint8Array[] = [];
    const { id } = await sealStream(vault, trickle(), { lengthMaxBytes: 100 }, async (part) => {
      parts.push(Uint8Array.from(part));
    });
    expect((await openWhole(id, Buffer.concat(parts))).equals(contentOf(100))).toBe(true);
  });

  test('the same content has one id, and never the same sealed bytes', async () => {
    const [first, second] = [
      await sealInMemory(vault, contentOf(100)),
      await sealInMemory(vault, contentOf(100)),
    ];
    expect(second.id).toBe(first.id);
    expect(second.sealed.subarray(HEADER_LENGTH)).not.toEqual(first.sealed.subarray(HEADER_LENGTH));
  });

  test('another instance has another id for the same content', async () => {
    const { id } = await sealInMemory(vault, contentOf(100));
    expect((await sealInMemory(vaultOf('instance-2', 2), contentOf(100))).id).not.toBe(id);
  });
});

describe('ranges', () => {
  const byteLength = 3 * chunk + 100;
  const content = contentOf(byteLength);

  test('are slices of the content', async () => {
    const { id, sealed } = await sealInMemory(vault, content);
    const opened = await openStream(vault, id, new SealedInMemory(sealed));
    const near = fc.constantFrom(...borders, byteLength - 1, byteLength, byteLength + 5, 2 ** 40);
    const position = fc.oneof(near, fc.nat(byteLength + 1000));
    await fc.assert(
      fc.asyncProperty(position, position, async (one, other) => {
        const [start, end] = [Math.min(one, other), Math.max(one, other)];
        const read = await collect(opened.read({ start, end }));
        expect(read.equals(content.subarray(start, end))).toBe(true);
        const tail = await collect(opened.read({ start }));
        expect(tail.equals(content.subarray(start))).toBe(true);
      }),
    );
  });

  test('read the chunks that they touch, the header and the end, and nothing else', async () => {
    const { id, sealed } = await sealInMemory(vault, content);
    const source = new SealedInMemory(sealed);
    const opened = await openStream(vault, id, source);
    expect(source.readBytes).toBe(HEADER_LENGTH + 100 + 16);
    source.readBytes = 0;
    await collect(opened.read({ start: chunk + 10, end: chunk + 20 }));
    expect(source.readBytes).toBe(SEALED_CHUNK_LENGTH);
  });

  test.each([
    { start: -1, end: 5 },
    { start: 5, end: 4 },
    { start: 0.5, end: 4 },
    { start: Number.NaN },
    { start: 0, end: Number.POSITIVE_INFINITY },
  ])('$start to $end is refused', async (range) => {
    const { id, sealed } = await sealInMemory(vault, contentOf(10));
    const opened = await openStream(vault, id, new SealedInMemory(sealed));
    expect(() => opened.read(range)).toThrow(RangeError);
  });
});

describe('what was tampered with is refused by name', async () => {
  const content = contentOf(3 * chunk + 100);
  const { id, sealed } = await sealInMemory(vault, content);
  const other = await sealInMemory(vault, contentOf(3 * chunk + 101));
  const header = sealed.subarray(0, HEADER_LENGTH);
  const chunks = [0, 1, 2, 3].map((index) => {
    const start = HEADER_LENGTH + index * SEALED_CHUNK_LENGTH;
    return sealed.subarray(start, start + SEALED_CHUNK_LENGTH);
  }) as [Buffer, Buffer, Buffer, Buffer];
  const [first, second, third, last] = chunks;
  const twin = await sealInMemory(vault, content);

  const refusedAtOnce: [string, Uint8Array][] = [
    ['nothing at all', Buffer.alloc(0)],
    ['half a header', header.subarray(0, 20)],
    ['only a header', header],
    ['the last chunk missing', sealed.subarray(0, -last.length)],
    ['the last byte missing', sealed.subarray(0, -1)],
    ['cut in the middle of a chunk', sealed.subarray(0, HEADER_LENGTH + 1000)],
    ['cut to the first chunk', sealed.subarray(0, HEADER_LENGTH + SEALED_CHUNK_LENGTH)],
    ['a byte appended', Buffer.concat([sealed, Buffer.alloc(1)])],
    ['a chunk appended', Buffer.concat([sealed, first])],
    ['the last chunk twice', Buffer.concat([sealed, last])],
    ['a chunk dropped', Buffer.concat([header, first, third, last])],
    ['a chunk twice', Buffer.concat([header, first, first, second, third, last])],
    ['the last chunk first', Buffer.concat([header, last, first, second, third])],
    ['another blob', other.sealed],
    ["another blob's header", Buffer.concat([other.sealed.subarray(0, HEADER_LENGTH), ...chunks])],
  ];
  const refusedOnTheWay: [string, Uint8Array][] = [
    ['chunks exchanged', Buffer.concat([header, second, first, third, last])],
    ['a chunk in place of another', Buffer.concat([header, first, first, third, last])],
    [
      "a chunk of another copy's in the same place",
      Buffer.concat([
        sealed.subarray(0, HEADER_LENGTH),
        twin.sealed.subarray(HEADER_LENGTH, HEADER_LENGTH + SEALED_CHUNK_LENGTH),
        sealed.subarray(HEADER_LENGTH + SEALED_CHUNK_LENGTH),
      ]),
    ],
  ];

  async function expectRefused(action: Promise<unknown>): Promise<void> {
    const error = await action.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(SealError);
    expect(error).toMatchObject({ place: { id }, message: expect.stringContaining(id) });
  }

  test('untouched, it opens', async () => {
    expect((await openWhole(id, Buffer.concat([header, ...chunks]))).equals(content)).toBe(true);
  });

  test.each(refusedAtOnce)('%s: before the first byte', async (_title, bytes) => {
    await expectRefused(openStream(vault, id, new SealedInMemory(bytes)));
  });

  test.each(refusedOnTheWay)('%s: only what stood before it is given out', async (_title, bytes) => {
    const opened = await openStream(vault, id, new SealedInMemory(bytes));
    const given: Uint8Array[] = [];
    const reading = async () => {
      for await (const piece of opened.read()) given.push(piece);
    };
    await expectRefused(reading());
    const before = Buffer.concat(given);
    expect(before.equals(content.subarray(0, before.length))).toBe(true);
    expect(before.length).toBeLessThan(2 * chunk);
  });

  test('a flipped bit, wherever it is', async () => {
    const positions = fc.oneof(fc.nat(HEADER_LENGTH * 8 - 1), fc.nat(sealed.length * 8 - 1));
    await fc.assert(
      fc.asyncProperty(positions, async (bit) => {
        const damaged = Uint8Array.from(sealed);
        damaged[bit >> 3] = damaged[bit >> 3]! ^ (1 << (bit & 7));
        await expectRefused(openWhole(id, damaged));
      }),
      { numRuns: 60 },
    );
  });

  test('a blob cut after its end was verified', async () => {
    for (const left of [0, HEADER_LENGTH, HEADER_LENGTH + SEALED_CHUNK_LENGTH, sealed.length - last.length]) {
      const source = new SealedInMemory(sealed);
      const opened = await openStream(vault, id, source);
      Object.assign(source, { bytes: sealed.subarray(0, left) });
      await expectRefused(collect(opened.read()));
    }
  });

  test('another instance, with the same key or its own', async () => {
    const source = new SealedInMemory(sealed);
    await expectRefused(openStream(vaultOf('instance-2'), id, source));
    await expectRefused(openStream(vaultOf('instance-1', 2), id, source));
  });

  test('a later format is said to be one', async () => {
    const later = Buffer.from(sealed);
    later[0] = 2;
    await expect(openWhole(id, later)).rejects.toThrow(/format is version 2/);
  });
});

describe('limits and errors of the source', () => {
  const ignore = async () => undefined;

  test('as long as the limit is taken, one byte more is not, and the source is closed', async () => {
    const content = contentOf(chunk);
    await expect(
      sealStream(vault, inPieces(content, 999), { lengthMaxBytes: chunk }, ignore),
    ).resolves.toMatchObject({
      byteLength: chunk,
    });
    const source = inPieces(content, 999);
    const refused = sealStream(vault, source, { lengthMaxBytes: chunk - 1 }, ignore);
    await expect(refused).rejects.toThrow(LengthExceededError);
    await expect(refused).rejects.toThrow(`${chunk - 1} bytes`);
    expect(await source.next()).toEqual({ done: true, value: undefined });
  });

  test.each([Number.NaN, -1, 0.5, Number.POSITIVE_INFINITY])(
    'a limit of %d is no limit, and refused',
    async (limit) => {
      const sealing = sealStream(vault, inPieces(contentOf(1), 1), { lengthMaxBytes: limit }, ignore);
      await expect(sealing).rejects.toThrow(RangeError);
    },
  );

  test('a source of text is refused', async () => {
    async function* text() {
      yield 'hello' as unknown as Uint8Array;
    }
    await expect(sealStream(vault, text(), { lengthMaxBytes: 10 }, ignore)).rejects.toThrow(/not string/);
  });

  test('when writing fails, the source is closed and the error is the one of the write', async () => {
    const source = inPieces(contentOf(3 * chunk), 999);
    let writes = 0;
    const failing = async () => {
      writes += 1;
      if (writes === 2) throw new Error('no more room');
    };
    await expect(sealStream(vault, source, { lengthMaxBytes: 4 * chunk }, failing)).rejects.toThrow(
      'no more room',
    );
    expect(await source.next()).toEqual({ done: true, value: undefined });
  });
});
