import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { syncFolder } from '../../core/durable-files.js';
import type { InstanceVault } from '../instance-vault.js';
import {
  type BlobStore,
  type ByteRange,
  type PutLimits,
  requireBlobId,
  type StoredBlob,
  UnknownBlobError,
} from './blob-store.js';
import { SEALED_CHUNK_LENGTH } from './chunk-cipher.js';
import { Draft, sweepDrafts } from './draft.js';
import { DurableFolders } from './durable-folders.js';
import { openStream, requireRange, type SealedBytes } from './open-stream.js';
import { sealStream } from './seal-stream.js';
import { SetAside } from './set-aside.js';
import { codeOf, onDisk } from './storage-error.js';

// A few chunks for each trip to the disk.
const READ_LENGTH = 4 * SEALED_CHUNK_LENGTH;

/**
 * Opens the blobs of one instance in a directory, which is made (0700) where it is missing, and sweeps what puts have
 * left that died. Blobs are files (0600): `<directory>/<instance>/<first two digits of the id>/<id>`, with those that
 * are being written in `<directory>/<instance>/drafts`. Their names and contents say nothing to whoever has not the
 * key of the instance; that there are so many blobs of such lengths is not hidden.
 *
 * @param directory for all instances, such as `<data>/blobs`. Several processes may share it.
 * @throws {BlobStorageError} when it cannot be made or read.
 */
export async function openDirectoryBlobStore(directory: string, vault: InstanceVault): Promise<BlobStore> {
  requireFolderName(vault.instanceId);
  const store = new DirectoryBlobStore(resolve(directory), vault);
  await store.prepare();
  return store;
}

class DirectoryBlobStore implements BlobStore {
  readonly #root: string;
  readonly #drafts: string;
  readonly #vault: InstanceVault;
  readonly #folders: DurableFolders;
  readonly #aside: SetAside;

  constructor(directory: string, vault: InstanceVault) {
    this.#root = join(directory, vault.instanceId);
    this.#drafts = join(this.#root, 'drafts');
    this.#vault = vault;
    this.#folders = new DurableFolders(directory);
    this.#aside = new SetAside(this.#root, this.#folders);
  }

  async prepare(): Promise<void> {
    await this.#onDisk(async () => {
      await this.#folders.ensure(this.#drafts);
      await sweepDrafts(this.#drafts);
    });
  }

  async put(source: AsyncIterable<Uint8Array>, limits: PutLimits): Promise<StoredBlob> {
    const draft = await this.#onDisk(() => Draft.create(this.#drafts));
    try {
      const append = (sealed: Uint8Array) => this.#onDisk(() => draft.append(sealed));
      const blob = await sealStream(this.#vault, source, limits, append);
      await this.#onDisk(() => this.#publish(draft, this.#pathOf(blob.id)));
      return blob;
    } finally {
      await draft.close();
    }
  }

  async #publish(draft: Draft, path: string): Promise<void> {
    await this.#folders.ensure(dirname(path));
    await draft.publish(path);
    await syncFolder(dirname(path));
  }

  open(id: string, range?: ByteRange): AsyncIterable<Uint8Array> {
    requireBlobId(id);
    if (range !== undefined) requireRange(range);
    return this.#read(id, range);
  }

  async *#read(id: string, range: ByteRange | undefined): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await this.#openFile(id);
    if (file === undefined) throw new UnknownBlobError(id);
    try {
      const blob = await openStream(this.#vault, id, await this.#sealedBytes(file));
      yield* blob.read(range);
    } finally {
      await file.close();
    }
  }

  async stat(id: string): Promise<{ readonly byteLength: number } | undefined> {
    requireBlobId(id);
    const file = await this.#openFile(id);
    if (file === undefined) return undefined;
    try {
      const { byteLength } = await openStream(this.#vault, id, await this.#sealedBytes(file));
      return { byteLength };
    } finally {
      await file.close();
    }
  }

  async remove(id: string): Promise<boolean> {
    requireBlobId(id);
    const path = this.#pathOf(id);
    return this.#onDisk(async () => {
      const dropped = await this.#aside.drop(id);
      const removed = (await unlessMissing(unlink(path).then(() => true))) ?? dropped;
      // Also when it was gone already: whoever removed it may have died before the sync.
      await unlessMissing(syncFolder(dirname(path)));
      return removed;
    });
  }

  async *storedBefore(before: Date): AsyncGenerator<string[], void, undefined> {
    const portions = this.#aside.storedBefore(before);
    for (;;) {
      const next = await this.#onDisk(() => portions.next());
      if (next.done === true) return;
      yield next.value;
    }
  }

  putAside(id: string, before: Date): Promise<boolean> {
    requireBlobId(id);
    return this.#onDisk(() => this.#aside.put(id, this.#pathOf(id), before));
  }

  keptAsideBefore(before: Date): Promise<string[]> {
    return this.#onDisk(() => this.#aside.keptBefore(before));
  }

  takeBack(id: string): Promise<void> {
    requireBlobId(id);
    return this.#onDisk(() => this.#aside.takeBack(id, this.#pathOf(id)));
  }

  dropAside(id: string): Promise<boolean> {
    requireBlobId(id);
    return this.#onDisk(() => this.#aside.drop(id));
  }

  #openFile(id: string): Promise<FileHandle | undefined> {
    // Without O_NONBLOCK, a named pipe at this path would hold up the reader for ever.
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    return this.#onDisk(async () => {
      // Last the first place again: it may have been taken back between the two looks.
      for (const path of [this.#pathOf(id), this.#aside.pathOf(id), this.#pathOf(id)]) {
        const file = await unlessMissing(open(path, flags));
        if (file !== undefined) return file;
      }
      return undefined;
    });
  }

  async #sealedBytes(file: FileHandle): Promise<SealedBytes> {
    const { size } = await this.#onDisk(() => file.stat());
    return { byteLength: size, read: (start, end) => this.#readFile(file, start, end) };
  }

  async *#readFile(
    file: FileHandle,
    start: number,
    end: number,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const buffer = new Uint8Array(Math.min(READ_LENGTH, end - start));
    for (let position = start; position < end; ) {
      const length = Math.min(buffer.length, end - position);
      const { bytesRead } = await this.#onDisk(() => file.read(buffer, 0, length, position));
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      position += bytesRead;
    }
  }

  #pathOf(id: string): string {
    return join(this.#root, id.slice(0, 2), id);
  }

  #onDisk<T>(action: () => Promise<T>): Promise<T> {
    return onDisk(this.#root, action);
  }
}

async function unlessMissing<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** The instance names a folder, beside others and above ours: it must not lead anywhere else. */
function requireFolderName(instanceId: string): void {
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(instanceId)) {
    throw new RangeError(
      'An instance id that names a folder of blobs has up to 128 letters, digits, hyphens and underscores.',
    );
  }
}
