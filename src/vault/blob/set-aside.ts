import { link, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncFolder } from '../../core/durable-files.js';
import type { DurableFolders } from './durable-folders.js';
import { codeOf } from './storage-error.js';

const idPattern = /^[0-9a-f]{64}$/;
const folderPattern = /^[0-9a-f]{2}$/;

/**
 * Where blobs go to which nothing seems to refer. They can still be read there, and come back when something does after all:
 * whoever stores the same content meanwhile makes a file of its own, so that deleting the one in here takes nothing from it.
 */
export class SetAside {
  readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly folders: DurableFolders,
  ) {
    this.folder = join(root, 'aside');
  }

  pathOf(id: string): string {
    return join(this.folder, id);
  }

  /** Ids of the blobs that were stored before that time, folder by folder. */
  async *storedBefore(before: Date): AsyncGenerator<string[], void, undefined> {
    for (const name of (await names(this.root)).filter((each) => folderPattern.test(each))) {
      const folder = join(this.root, name);
      yield await filter(await names(folder), async (id) => {
        const found = await unlessMissing(stat(join(folder, id)));
        return idPattern.test(id) && found !== undefined && found.mtime < before;
      });
    }
  }

  /** Ids of what was put here before that time. To rename a file changes its ctime. */
  async keptBefore(before: Date): Promise<string[]> {
    return filter(await names(this.folder), async (id) => {
      const found = await unlessMissing(stat(this.pathOf(id)));
      return idPattern.test(id) && found !== undefined && found.mtime < before && found.ctime < before;
    });
  }

  /** Puts a blob here, unless it turns out to have been stored again since that time. */
  async put(id: string, path: string, before: Date): Promise<boolean> {
    await this.folders.ensure(this.folder);
    if ((await unlessMissing(rename(path, this.pathOf(id)).then(() => true))) === undefined) return false;
    const moved = await unlessMissing(stat(this.pathOf(id)));
    if (moved !== undefined && moved.mtime >= before) {
      await this.takeBack(id, path);
      return false;
    }
    return true;
  }

  /** Gives a blob its place again. It can be read all the while. */
  async takeBack(id: string, path: string): Promise<void> {
    await this.folders.ensure(dirname(path));
    try {
      await link(this.pathOf(id), path);
    } catch (error) {
      // There is another copy already, or somebody else has taken it back.
      if (codeOf(error) !== 'EEXIST' && codeOf(error) !== 'ENOENT') throw error;
    }
    await syncFolder(dirname(path));
    await this.drop(id);
  }

  async drop(id: string): Promise<boolean> {
    return (await unlessMissing(unlink(this.pathOf(id)).then(() => true))) ?? false;
  }
}

async function names(folder: string): Promise<string[]> {
  return (await unlessMissing(readdir(folder))) ?? [];
}

async function filter(
  all: readonly string[],
  isWanted: (each: string) => Promise<boolean>,
): Promise<string[]> {
  const wanted: string[] = [];
  for (const each of all) if (await isWanted(each)) wanted.push(each);
  return wanted;
}

async function unlessMissing<Value>(action: Promise<Value>): Promise<Value | undefined> {
  try {
    return await action;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
