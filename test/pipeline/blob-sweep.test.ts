import { access, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { insertUpload } from '../../src/db/media.js';
import { addUpload } from '../../src/domain/uploads.js';
import { BlobSweep } from '../../src/pipeline/blob-sweep.js';
import type { BlobStore } from '../../src/vault/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const day = 24 * 60 * 60 * 1_000;
const inDays = (days: number) => new Date(Date.now() + days * day);
const lengthMaxBytes = 1_000;

async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

async function open() {
  const world = await World.open(test.database);
  const store = await world.blobs.of(world.tenant);
  const place = (id: string) => join(world.blobs.directory, world.tenant.id, id.slice(0, 2), id);
  const isInPlace = (id: string) =>
    access(place(id)).then(
      () => true,
      () => false,
    );
  /** Stores it; by default two days ago. */
  const put = async (text: string, days = -2) => {
    const { id } = await store.put(bytesOf(text), { lengthMaxBytes });
    await utimes(place(id), inDays(days), inDays(days));
    return id;
  };
  const upload = async (text: string) => {
    const given = { source: bytesOf(text), contentType: 'image/png', lengthMaxBytes };
    return (await addUpload(test.database.orm, world.tenant, store, given)).blobId;
  };
  const sweep = (days = 0) => new BlobSweep({ ...world, now: () => inDays(days) }).sweep();
  return { world, store, place, isInPlace, put, upload, sweep };
}

async function read(store: BlobStore, id: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of store.open(id)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

it('puts aside what nothing refers to, and deletes it a week later; what is referred to stays', async () => {
  const { store, place, isInPlace, put, upload, sweep } = await open();
  const orphan = await put('nobody’s');
  const kept = await upload('somebody’s');
  await utimes(place(kept), inDays(-2), inDays(-2));
  await sweep();
  expect([await isInPlace(orphan), await isInPlace(kept)]).toEqual([false, true]);
  expect(await read(store, orphan), 'it can still be read').toBe('nobody’s');
  await sweep(6);
  expect(await read(store, orphan)).toBe('nobody’s');
  await sweep(8);
  await expect(read(store, orphan)).rejects.toThrow('not in the blob store');
  expect(await read(store, kept)).toBe('somebody’s');
});

it('leaves alone what was just stored: its reference may be on its way', async () => {
  const { isInPlace, put, sweep } = await open();
  const id = await put('under way', 0);
  await sweep();
  expect(await isInPlace(id)).toBe(true);
});

it('leaves alone what is stored again after it was judged', async () => {
  const { store, isInPlace, put } = await open();
  const id = await put('again', 0);
  expect(await store.putAside(id, inDays(-1))).toBe(false);
  expect(await isInPlace(id)).toBe(true);
  expect(await read(store, id)).toBe('again');
});

it('takes nothing from whoever stores the same while it lies aside', async () => {
  const { store, put, upload, sweep, isInPlace } = await open();
  const id = await put('twice');
  await sweep();
  expect(await upload('twice')).toBe(id);
  await sweep(8);
  expect(await isInPlace(id)).toBe(true);
  expect(await read(store, id)).toBe('twice');
  await sweep(30);
  expect(await read(store, id)).toBe('twice');
});

it('gives back what is referred to after all', async () => {
  const { world, store, put, sweep, isInPlace } = await open();
  const id = await put('referred to in the last moment');
  await sweep();
  const { tenant } = world;
  const sealed = tenant.vault.sealJson({}, { table: 'uploads', id: newId(), column: 'sealed' });
  await insertUpload(test.database.orm, { id: newId(), instanceId: tenant.id, blobId: id, sealed });
  expect(await read(store, id)).toBe('referred to in the last moment');
  await sweep(8);
  expect(await isInPlace(id)).toBe(true);
  expect(await read(store, id)).toBe('referred to in the last moment');
});

it('does no harm when many nodes do it at once', async () => {
  const { store, put, upload, sweep } = await open();
  const orphans = await Promise.all(['a', 'b', 'c'].map((text) => put(text)));
  const kept = await upload('d');
  await Promise.all([sweep(), sweep(), sweep()]);
  await Promise.all([sweep(8), sweep(8), sweep(8)]);
  for (const id of orphans) await expect(read(store, id)).rejects.toThrow('not in the blob store');
  expect(await read(store, kept)).toBe('d');
});

it('lets what lies aside be erased', async () => {
  const { store, put, sweep } = await open();
  const id = await put('to be erased');
  await sweep();
  expect(await store.remove(id)).toBe(true);
  await expect(read(store, id)).rejects.toThrow('not in the blob store');
});
