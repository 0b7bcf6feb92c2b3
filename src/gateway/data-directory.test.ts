import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DataDirectory, DataDirectoryError, openDataDirectory } from './data-directory.js';

let parent: string;
let path: string;
const opened: DataDirectory[] = [];
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'archway-data-'));
  path = join(parent, 'data');
});
afterEach(async () => {
  for (const each of opened.splice(0)) each.release();
  await rm(parent, { recursive: true });
});

async function open(): Promise<DataDirectory> {
  const data = await openDataDirectory(path);
  opened.push(data);
  return data;
}

describe('the data directory', () => {
  it('is made for its owner alone', async () => {
    await open();
    expect((await stat(path)).mode & 0o777).toBe(0o700);
    for (const name of ['lock', 'node-id', 'layout-version']) {
      expect((await stat(join(path, name))).mode & 0o777).toBe(0o600);
    }
  });

  it('gives the node the same id after a restart', async () => {
    const first = await open();
    first.release();
    expect((await open()).nodeId).toBe(first.nodeId);
  });

  it('belongs to one at a time, and says so', async () => {
    await open();
    await expect(open()).rejects.toThrow(DataDirectoryError);
    await expect(open()).rejects.toThrow(/Another Archway is running.*Stop it first/s);
  });

  it('is refused while others may look into it', async () => {
    await mkdir(path);
    await chmod(path, 0o755);
    await expect(open()).rejects.toThrow(`chmod 700 ${path}`);
  });

  it('of a newer version is refused, and let go of', async () => {
    (await open()).release();
    await writeFile(join(path, 'layout-version'), '2\n');
    await expect(open()).rejects.toThrow(/layout version 2.*start that version again, or restore a backup/s);
    await writeFile(join(path, 'layout-version'), '1\n');
    await open();
  });

  it('is finished by the next start when the first one died in the middle', async () => {
    await mkdir(path, { mode: 0o700 });
    await writeFile(join(path, 'layout-version'), '');
    await writeFile(join(path, 'node-id'), '');
    expect((await open()).nodeId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await readFile(join(path, 'layout-version'), 'utf8')).toBe('1\n');
  });

  it('that cannot be made says where to set another', async () => {
    await writeFile(path, 'a file');
    await expect(openDataDirectory(join(path, 'data'))).rejects.toThrow(/ARCHWAY_DATA_DIR/);
  });
});
