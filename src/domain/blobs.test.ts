import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { vaultOf } from '../vault/blob/testing.js';
import { Blobs } from './blobs.js';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'archway-blobs-'));
});
afterEach(() => rm(base, { recursive: true }));

const tenant = (id: string) => ({ id, vault: vaultOf(id) });
async function* hello() {
  yield Buffer.from('hello');
}

it('gives each instance a store of its own, opened once', async () => {
  const blobs = new Blobs(join(base, 'blobs'));
  const [one, two] = [await blobs.of(tenant('one')), await blobs.of(tenant('two'))];
  expect(await blobs.of(tenant('one'))).toBe(one);
  const { id } = await one.put(hello(), { lengthMaxBytes: 10 });
  expect(await one.stat(id)).toEqual({ byteLength: 5 });
  expect(await two.stat(id)).toBeUndefined();
  expect((await readdir(blobs.directory)).sort()).toEqual(['one', 'two']);
});

it('tries again after the directory could not be used', async () => {
  const directory = join(base, 'blobs');
  await writeFile(directory, 'in the way');
  const blobs = new Blobs(directory);
  await expect(blobs.of(tenant('one'))).rejects.toThrow(directory);
  await rm(directory);
  await expect(blobs.of(tenant('one'))).resolves.toBeDefined();
});
