import fs from 'node:fs';
import { mkdir, open, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from './refusal.js';

/** How many folders are remembered as durable. A day of a large firm has some ten thousand conversations. */
const rememberedMax = 50_000;

/**
 * The folders of an archive and their syncs. A file survives a power cut only when the folder that names it was
 * synced after the name was given, and so on up to the archive's own directory.
 */
export class Folders {
  readonly #durable = new Map<string, Promise<void>>();
  readonly #syncs = new Map<string, { running: Promise<void>; next: Promise<void> | undefined }>();

  constructor(
    private readonly root: string,
    private readonly calls: FolderCalls = inTheirTime,
  ) {}

  /**
   * Makes a folder, and those above it up to the root, if they are not there. Resolves to its path once every one
   * of them is durable. The root itself is never made here: when it is gone, it is an unmounted disk.
   */
  async ensure(names: readonly string[]): Promise<string> {
    let path = this.root;
    for (const name of names) {
      path = join(path, name);
      await this.#ensureOne(path);
    }
    return path;
  }

  #ensureOne(path: string): Promise<void> {
    const known = this.#durable.get(path);
    if (known !== undefined) return known;
    if (this.#durable.size >= rememberedMax) this.#durable.clear();
    const made = this.#make(path);
    this.#durable.set(path, made);
    made.catch(() => this.#durable.delete(path));
    return made;
  }

  async #make(path: string): Promise<void> {
    try {
      await this.calls.make(path);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    // Synced even if it was there: the process that made it may have died before its own sync.
    await this.sync(dirname(path));
  }

  /** Forgets what is known of these folders, for when someone has removed one of them. */
  forget(names: readonly string[]): void {
    let path = this.root;
    for (const name of names) {
      path = join(path, name);
      this.#durable.delete(path);
    }
  }

  /**
   * Resolves when a sync that began after this call has ended. Callers that come while a sync is running share
   * the one that follows it.
   */
  sync(path: string): Promise<void> {
    const current = this.#syncs.get(path);
    if (current === undefined) return this.#startSync(path);
    current.next ??= current.running.then(
      () => this.#startSync(path),
      () => this.#startSync(path),
    );
    return current.next;
  }

  #startSync(path: string): Promise<void> {
    const running = this.calls.sync(path).finally(() => {
      if (this.#syncs.get(path)?.next === undefined) this.#syncs.delete(path);
    });
    this.#syncs.set(path, { running, next: undefined });
    return running;
  }
}

/** How folders are made and synced. */
export interface FolderCalls {
  make(path: string): Promise<void> | void;
  sync(path: string): Promise<void>;
}

const folderMode = 0o750;

const inTheirTime: FolderCalls = { make: (path) => mkdir(path, { mode: folderMode }), sync: syncFolder };

const sync = (file: number) => promisify(fs.fsync)(file);

/** Everything but the sync is done at once, and holds up the thread. */
export const atOnce: FolderCalls = {
  make: (path) => fs.mkdirSync(path, { mode: folderMode }),
  async sync(path) {
    const folder = fs.openSync(path, 'r');
    try {
      await sync(folder);
    } finally {
      fs.closeSync(folder);
    }
  },
};

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/**
 * Makes a folder, and those above it that are missing. Resolves to the outermost one that was made, undefined when it was
 * there already. Not Node's `recursive`, which never ends in a folder that takes no others, such as /proc.
 */
export async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path, { mode: folderMode });
    return path;
  } catch (error) {
    if (await isFolder(path)) return undefined;
    const above = dirname(path);
    if (codeOf(error) !== 'ENOENT' || (await isFolder(above))) throw error;
    const outermost = await makeFolder(above);
    const innermost = await makeFolder(path);
    return outermost ?? innermost;
  }
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() ?? false;
}
