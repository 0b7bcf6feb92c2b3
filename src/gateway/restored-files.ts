import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makeDurableFolder, syncFolder, writeNewFile } from '../core/durable-files.js';
import { BackupError } from '../domain/backup/index.js';

/** What a restore puts beside the database: the spool's waiting captures and the blobs, as they lay. */
export class RestoredFiles {
  readonly #folders = new Set<string>();

  constructor(
    private readonly spoolDirectory: string,
    private readonly blobsDirectory: string,
  ) {}

  /** @throws {BackupError} when there are any. */
  async requireNone(): Promise<void> {
    const names = (await listFolder(this.spoolDirectory)).filter((name) => name.includes('.spool'));
    if (names.length > 0) throw notEmpty(this.spoolDirectory, 'captures that wait for a database');
    if ((await listFolder(this.blobsDirectory)).length > 0)
      throw notEmpty(this.blobsDirectory, 'attachments');
  }

  addSpoolFile(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#add(join(this.spoolDirectory, name), content);
  }

  /** @param path below the folder of the blobs. */
  addBlob(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    return this.#add(join(this.blobsDirectory, path), content);
  }

  /** Makes the names durable; their contents are. */
  async sync(): Promise<void> {
    for (const folder of this.#folders) await syncFolder(folder);
    this.#folders.clear();
  }

  /** Removes what a restore that did not end has left: it had found both folders without such files. */
  async remove(): Promise<void> {
    await rm(this.blobsDirectory, { recursive: true, force: true });
    for (const name of await listFolder(this.spoolDirectory)) {
      if (name.includes('.spool')) await rm(join(this.spoolDirectory, name));
    }
  }

  async #add(path: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const folder = dirname(path);
    if (!this.#folders.has(folder)) await makeDurableFolder(folder);
    this.#folders.add(folder);
    await writeNewFile(path, content);
  }
}

async function listFolder(path: string): Promise<string[]> {
  try {
    return await readdir(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function notEmpty(folder: string, what: string): BackupError {
  return new BackupError(
    `${folder} is not empty: there are ${what}. A restore never mixes with what is there: name an empty data directory ` +
      `in ARCHWAY_DATA_DIR, or move ${basename(folder)} away if nobody needs it.`,
  );
}
