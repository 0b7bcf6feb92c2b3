import fs from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openDirectoryBlobStore } from './directory-blob-store.js';
import { contentOf, inPieces, vaultOf } from './testing.js';

/** What a power cut would leave is decided by the order of these. */
type Step = { readonly what: 'synced' | 'named' | 'removed'; readonly path: string; readonly from?: string };

let directory: string;
let steps: Step[];

/** Notes each sync and each change of a name, in the order in which they were finished. */
beforeEach(async () => {
  const base = await mkdtemp(join(tmpdir(), 'archway-blobs-'));
  directory = join(base, 'blobs');
  steps = [];
  const handle = await open(base, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const sync = prototype.sync;
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: { fd: number }) {
    const path = fs.readlinkSync(`/proc/self/fd/${this.fd}`);
    await sync.call(this);
    steps.push({ what: 'synced', path });
  });
  const { rename, unlink } = fs.promises;
  vi.spyOn(fs.promises, 'rename').mockImplementation(async (from, to) => {
    await rename(from, to);
    steps.push({ what: 'named', path: String(to), from: String(from) });
  });
  vi.spyOn(fs.promises, 'unlink').mockImplementation(async (path) => {
    await unlink(path);
    steps.push({ what: 'removed', path: String(path) });
  });
  syncBuiltinESMExports();
});

afterEach(async () => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  await rm(dirname(directory), { recursive: true });
});

function positionOf(what: Step['what'], path: string, after = -1): number {
  return steps.findIndex((step, index) => index > after && step.what === what && step.path === path);
}

async function putOne() {
  const store = await openDirectoryBlobStore(directory, vaultOf('instance-1'));
  const { id } = await store.put(inPieces(contentOf(100_000), 30_000), { lengthMaxBytes: 100_000 });
  return { store, id, path: join(directory, 'instance-1', id.slice(0, 2), id) };
}

// Names of open files are read from /proc.
describe.runIf(process.platform === 'linux')('when it resolves', () => {
  test('put has synced the bytes, then the name, and every folder above it', async () => {
    const { path } = await putOne();
    const named = positionOf('named', path);
    const synced = positionOf('synced', steps[named]?.from ?? '');
    expect(synced, 'the bytes are synced').toBeGreaterThanOrEqual(0);
    expect(named, 'before they get their name').toBeGreaterThan(synced);
    expect(positionOf('synced', dirname(path), named), 'the name is synced').toBeGreaterThan(named);
    for (
      let folder = dirname(dirname(path));
      folder.startsWith(dirname(directory));
      folder = dirname(folder)
    ) {
      expect(positionOf('synced', folder), `${folder} is synced`).toBeGreaterThanOrEqual(0);
    }
  });

  test('put has synced the folders again after a restart, since the process before may have died too early', async () => {
    const { path } = await putOne();
    steps = [];
    await putOne();
    expect(positionOf('synced', dirname(dirname(path)))).toBeGreaterThanOrEqual(0);
    expect(positionOf('synced', dirname(directory))).toBeGreaterThanOrEqual(0);
  });

  test('remove has synced that the name is gone', async () => {
    const { store, id, path } = await putOne();
    await store.remove(id);
    const removed = positionOf('removed', path);
    expect(removed).toBeGreaterThanOrEqual(0);
    expect(positionOf('synced', dirname(path), removed)).toBeGreaterThan(removed);
  });
});
