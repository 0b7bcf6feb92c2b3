import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../../core/durable-files.js';
import { codeOf } from './storage-error.js';

/** Makes folders (0700) that outlast a power cut, below a base and with it. What the base lies in is never made. */
export class DurableFolders {
  readonly #base: string;
  readonly #durable = new Set<string>();

  constructor(base: string) {
    this.#base = base;
  }

  /** Makes a folder where it is missing, and those between it and the base; resolves when all of them are durable. */
  async ensure(path: string): Promise<void> {
    if (path !== this.#base) await this.ensure(dirname(path));
    // One that somebody has removed meanwhile is made again, and then its name is to be synced again.
    if (await makeFolder(path)) this.#durable.delete(path);
    if (this.#durable.has(path)) return;
    // Synced even if it was there: the process that made it may have died before its own sync.
    await syncFolder(dirname(path));
    this.#durable.add(path);
  }
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}
