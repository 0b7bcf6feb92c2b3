import { copyFile, mkdtemp, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SealError } from '../errors.js';
import { type BlobStore, LengthExceededError, UnknownBlobError } from './blob-store.js';
import { openDirectoryBlobStore } from './directory-blob-store.js';
import { BlobStorageError, onDisk } from './storage-error.js';
import { collect, contentOf, inPieces, vaultOf } from './testing.js';

const chunk = 65_536;
const limits = { lengthMaxBytes: 10_000_000 };
const vault = vaultOf('instance-1');
const unknownId = '0'.repeat(64);

let directory: string;
let store: BlobStore;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'archway-blobs-')), 'blobs');
  store = await openDirectoryBlobStore(directory, vault);
});

afterEach(async () => {
  await rm(dirname(directory), { recursive: true });
});

async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
}

const pathOf = (id: string) => join(directory, 'instance-1', id.slice(0, 2), id);
const put = (content: Uint8Array, pieceLength = 10_000) => store.put(inPieces(content, pieceLength), limits);

describe('put', () => {
  test.each([0, 1, chunk, 3 * chunk + 7])('%i bytes come back, also after a restart', async (byteLength) => {
    const content = contentOf(byteLength);
    const blob = await put(content);
    expect(blob.byteLength).toBe(byteLength);
    const reopened = await openDirectoryBlobStore(directory, vault);
    for (const each of [store, reopened]) {
      expect(await each.stat(blob.id)).toEqual({ byteLength });
      expect((await collect(each.open(blob.id))).equals(content)).toBe(true);
      const part = await collect(each.open(blob.id, { start: 1, end: chunk + 1 }));
      expect(part.equals(content.subarray(1, chunk + 1))).toBe(true);
    }
  });

  test('leaves one file under its id, which only the owner can use', async () => {
    const { id } = await put(contentOf(100));
    expect(await filesIn(directory)).toEqual([pathOf(id)]);
    expect((await stat(pathOf(id))).mode & 0o777).toBe(0o600);
    for (let folder = dirname(pathOf(id)); folder !== dirname(directory); folder = dirname(folder)) {
      expect((await stat(folder)).mode & 0o777).toBe(0o700);
    }
  });

  test('the same content sixteen times at once is one blob', async () => {
    const content = contentOf(2 * chunk + 5);
    const blobs = await Promise.all(Array.from({ length: 16 }, (_, index) => put(content, 5000 + index)));
    expect(new Set(blobs.map(({ id }) => id)).size).toBe(1);
    expect(await filesIn(directory)).toEqual([pathOf(blobs[0]!.id)]);
    expect((await collect(store.open(blobs[0]!.id))).equals(content)).toBe(true);
  });

  test('many at once, in new folders, are all there', async () => {
    const blobs = await Promise.all(Array.from({ length: 60 }, (_, index) => put(contentOf(1000 + index))));
    for (const { id, byteLength } of blobs) expect(await store.stat(id)).toEqual({ byteLength });
    expect(await filesIn(directory)).toHaveLength(60);
  });

  test('again, mends a copy that was damaged, while a reader keeps the file that it has', async () => {
    const content = contentOf(3 * chunk);
    const { id } = await put(content);
    const reading = store.open(id)[Symbol.asyncIterator]();
    const pieces = [(await reading.next()).value];
    await rename(pathOf(id), `${pathOf(id)}.kept`);
    await writeFile(pathOf(id), 'damaged');
    await expect(store.stat(id)).rejects.toThrow(SealError);

    await put(content);
    expect((await collect(store.open(id))).equals(content)).toBe(true);
    for (let next = await reading.next(); !next.done; next = await reading.next()) pieces.push(next.value);
    expect(Buffer.concat(pieces).equals(content)).toBe(true);
  });

  test('works again after somebody has tidied empty folders away', async () => {
    const { id } = await put(contentOf(100));
    await store.remove(id);
    await rm(dirname(pathOf(id)), { recursive: true });
    expect((await put(contentOf(100))).id).toBe(id);
    expect(await store.stat(id)).toEqual({ byteLength: 100 });
  });

  test('no plaintext reaches the disk, neither in drafts nor in the end', async () => {
    const marker = 'The quick brown fox meets at the bridge.';
    let draft = Buffer.alloc(0);
    async function* source() {
      for (let index = 0; index < 8000; index++) yield Buffer.from(marker);
      const [path] = await filesIn(join(directory, 'instance-1', 'drafts'));
      draft = await readFile(path!);
    }
    const { id } = await store.put(source(), limits);
    const final = await readFile(pathOf(id));
    expect(draft.length).toBeGreaterThan(3 * chunk);
    expect(final.length).toBeGreaterThan(8000 * marker.length);
    for (const bytes of [draft, final]) expect(bytes.includes('bridge')).toBe(false);
  });
});

describe('a put that fails leaves nothing', () => {
  test.each([1, 200_000])('when the source is over a limit of %i bytes', async (lengthMaxBytes) => {
    const putting = store.put(inPieces(contentOf(300_000), 1000), { lengthMaxBytes });
    await expect(putting).rejects.toThrow(LengthExceededError);
    expect(await filesIn(directory)).toEqual([]);
  });

  test('when the source throws, and the error is its own, even one with a code', async () => {
    const reset = Object.assign(new Error('the provider hung up'), { code: 'ECONNRESET' });
    async function* source() {
      yield contentOf(200_000);
      throw reset;
    }
    await expect(store.put(source(), limits)).rejects.toBe(reset);
    expect(await filesIn(directory)).toEqual([]);
  });

  test('when the directory is gone, with what to do', async () => {
    await rm(directory, { recursive: true });
    await expect(put(contentOf(10))).rejects.toMatchObject({
      name: 'BlobStorageError',
      code: 'ENOENT',
      message: expect.stringMatching(/its directory is gone.*mount/),
    });
  });

  test('when the disk is full, with what to do', async () => {
    const full = Object.assign(new Error('write'), { code: 'ENOSPC' });
    const failing = onDisk('/data/blobs', () => Promise.reject(full));
    await expect(failing).rejects.toThrow(BlobStorageError);
    await expect(failing).rejects.toThrow('/data/blobs cannot be used: the disk is full. Free space');
    const bug = Object.assign(new TypeError('wrong'), { code: 'ERR_INVALID_ARG_TYPE' });
    await expect(onDisk('/data/blobs', () => Promise.reject(bug))).rejects.toBe(bug);
  });
});

describe('open', () => {
  test("another blob's file under this name is refused, for a range as for the whole", async () => {
    const [one, other] = [await put(contentOf(3 * chunk)), await put(contentOf(3 * chunk + 1))];
    await copyFile(pathOf(other.id), pathOf(one.id));
    const opened = collect(store.open(one.id));
    await expect(opened).rejects.toThrow(SealError);
    await expect(opened).rejects.toThrow(one.id);
    await expect(collect(store.open(one.id, { start: 0, end: 1 }))).rejects.toThrow(SealError);
    await expect(store.stat(one.id)).rejects.toThrow(SealError);
  });

  test("another instance's file is refused", async () => {
    const elsewhere = await openDirectoryBlobStore(directory, vaultOf('instance-2'));
    const { id } = await put(contentOf(100));
    expect((await elsewhere.put(inPieces(contentOf(100), 9), limits)).id).toBe(id);
    await copyFile(pathOf(id), join(directory, 'instance-2', id.slice(0, 2), id));
    await expect(collect(elsewhere.open(id))).rejects.toThrow(SealError);
  });

  test('a blob that is not there is said to be missing', async () => {
    await expect(collect(store.open(unknownId))).rejects.toThrow(UnknownBlobError);
    expect(await store.stat(unknownId)).toBeUndefined();
  });

  test('a symbolic link is not followed', async () => {
    const { id } = await put(contentOf(100));
    await rename(pathOf(id), `${pathOf(id)}.moved`);
    await symlink(`${pathOf(id)}.moved`, pathOf(id));
    await expect(collect(store.open(id))).rejects.toMatchObject({ name: 'BlobStorageError', code: 'ELOOP' });
  });

  test.each(['', '..', '../../etc/passwd', unknownId.slice(1), `${unknownId}0`, 'A'.repeat(64)])(
    '"%s" is no blob id',
    async (id) => {
      expect(() => store.open(id)).toThrow(RangeError);
      await expect(store.stat(id)).rejects.toThrow(RangeError);
      await expect(store.remove(id)).rejects.toThrow(RangeError);
    },
  );

  test('a range that is none is refused before anything is read', () => {
    expect(() => store.open(unknownId, { start: 2, end: 1 })).toThrow(RangeError);
  });
});

test('what was removed is gone, and removing it again is an ordinary no', async () => {
  const { id } = await put(contentOf(100));
  expect(await store.remove(id)).toBe(true);
  expect(await store.stat(id)).toBeUndefined();
  expect(await filesIn(directory)).toEqual([]);
  expect(await store.remove(id)).toBe(false);
  expect(await store.remove(unknownId)).toBe(false);
});

test.each(['..', 'a/b', '', '.hidden', 'a'.repeat(129)])(
  'an instance "%s" names no folder',
  async (instanceId) => {
    await expect(openDirectoryBlobStore(directory, vaultOf(instanceId))).rejects.toThrow(RangeError);
  },
);
