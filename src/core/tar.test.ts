import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, it, onTestFinished } from 'vitest';
import { readTar, TarError, tarEnd, tarHeader, tarPadding } from './tar.js';

interface File {
  readonly name: string;
  readonly bytes: Uint8Array;
}

const changedAt = new Date('2026-11-24T10:00:00Z');

function archive(files: readonly File[]): Buffer {
  const blocks = files.flatMap(({ name, bytes }) => [
    tarHeader({ name, byteLength: bytes.length, changedAt }),
    bytes,
    tarPadding(bytes.length),
  ]);
  return Buffer.concat([...blocks, tarEnd()]);
}

async function* cut(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += length) yield bytes.subarray(start, start + length);
}

async function unpack(bytes: Uint8Array, pieceLength: number, read = true): Promise<File[]> {
  const files: File[] = [];
  for await (const { name, content } of readTar(cut(bytes, pieceLength))) {
    const pieces: Uint8Array[] = [];
    if (read) for await (const piece of content) pieces.push(piece);
    files.push({ name, bytes: Buffer.concat(pieces) });
  }
  return files;
}

const longName = `blobs/018f0000-0000-7000-8000-000000000000/ab/${'ab'.repeat(32)}`;

it('gives back what was put in, however the bytes arrive, and also what nobody reads is passed over', async () => {
  const file = fc.record({
    name: fc.constantFrom('a', 'tables/records/000001.ndjson.gz', longName),
    bytes: fc.uint8Array({ maxLength: 1_200 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(file, { maxLength: 4 }),
      fc.integer({ min: 1, max: 700 }),
      async (files, length) => {
        const plain = (list: readonly File[]) => list.map(({ name, bytes }) => ({ name, bytes: [...bytes] }));
        expect(plain(await unpack(archive(files), length))).toEqual(plain(files));
        expect((await unpack(archive(files), length, false)).map(({ name }) => name)).toEqual(
          files.map(({ name }) => name),
        );
      },
    ),
  );
});

it('is what tar reads', () => {
  const directory = mkdtempSync(join(tmpdir(), 'archway-tar-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const bytes = Buffer.from('some content');
  writeFileSync(
    join(directory, 'x.tar'),
    archive([
      { name: longName, bytes },
      { name: 'b', bytes },
    ]),
  );
  execFileSync('tar', ['-xf', 'x.tar'], { cwd: directory });
  expect(readFileSync(join(directory, longName))).toEqual(bytes);
  expect(readFileSync(join(directory, 'b'))).toEqual(bytes);
});

it('refuses an archive that is cut off anywhere', async () => {
  const whole = archive([{ name: 'a', bytes: Buffer.alloc(700, 1) }]);
  for (const length of [0, 1, 511, 512, 600, 1_300, 1_536]) {
    await expect(unpack(whole.subarray(0, length), 512), `${length}`).rejects.toThrow(TarError);
  }
});

it('refuses a damaged header, and a name that does not fit', async () => {
  const whole = archive([{ name: 'a', bytes: Buffer.from('x') }]);
  whole[0]! ^= 1;
  await expect(unpack(whole, 512)).rejects.toThrow('damaged');
  expect(() => tarHeader({ name: 'x'.repeat(101), byteLength: 1, changedAt })).toThrow(TarError);
});

it('writes a size beyond eight gigabytes as tar reads it', async () => {
  const byteLength = 9 * 1024 ** 3;
  for await (const entry of readTar(cut(tarHeader({ name: 'a', byteLength, changedAt }), 512))) {
    expect(entry.byteLength).toBe(byteLength);
    break;
  }
});
