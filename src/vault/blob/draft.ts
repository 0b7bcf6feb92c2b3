import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tryLock } from 'fs-native-extensions';
import { codeOf } from './storage-error.js';

/**
 * A file that is being written and has no name yet that anyone looks for. As long as it is open, it is locked. The
 * operating system ends the lock with its holder, however that dies, so a draft without a lock is a leftover.
 */
export class Draft {
  readonly #path: string;
  readonly #file: FileHandle;
  #isPublished = false;

  private constructor(path: string, file: FileHandle) {
    this.#path = path;
    this.#file = file;
  }

  /** Makes an empty draft (0600) in a folder that has nothing but drafts. */
  static async create(folder: string): Promise<Draft> {
    for (;;) {
      const path = join(folder, randomUUID());
      const draft = new Draft(path, await open(path, 'wx', 0o600));
      // Between creation and lock a sweep may come and take the file for a leftover. Then another one is made.
      if (await draft.#lock()) return draft;
      await draft.close();
    }
  }

  async #lock(): Promise<boolean> {
    try {
      return tryLock(this.#file.fd) && (await this.#file.stat()).nlink > 0;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Adds bytes at the end, all of them. */
  async append(bytes: Uint8Array): Promise<void> {
    await this.#file.appendFile(bytes);
  }

  /**
   * Syncs the file and gives it its name, at once and in place of what has that name: readers see the old file or the
   * new one, whole. The name is durable only after its folder was synced.
   */
  async publish(name: string): Promise<void> {
    await this.#file.sync();
    await rename(this.#path, name);
    this.#isPublished = true;
  }

  /** Ends the draft. Unless it was published, nothing is left of it. */
  async close(): Promise<void> {
    // One that cannot be removed is swept later; what made the put fail is the more useful error.
    if (!this.#isPublished) await rm(this.#path, { force: true }).catch(leaveForSweep);
    await this.#file.close();
  }
}

function leaveForSweep(): void {
  // Nothing refers to it, and once the file is closed, the next sweep takes it for what it is.
}

/** Removes the drafts of processes that died. Those that are being written, by whatever process, are left alone. */
export async function sweepDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await sweep(join(folder, name));
}

async function sweep(path: string): Promise<void> {
  const file = await openIfThere(path);
  if (file === undefined) return;
  try {
    if (tryLock(file.fd)) await rm(path, { force: true });
  } finally {
    await file.close();
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
