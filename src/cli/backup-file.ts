import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { syncFolder, writeWhole } from '../core/durable-files.js';
import { CliError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';

/** The file that a backup of this name ends up in; in a directory it is named by the time. */
export async function backupPath(target: string, now: Date): Promise<string> {
  const given = await find(target);
  const name = `archway-${now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z.tar`;
  const path = resolve(given?.isDirectory() === true ? join(target, name) : target);
  if ((await find(path)) === undefined) return path;
  throw failed(
    `${path} is there already, and a backup never overwrites another. Name a new file, or a directory.`,
  );
}

/**
 * Makes a file (0600) that has its name only when it is complete, checked, and on the disk. Until then it is
 * `<name>.unfinished`; of one that fails nothing is left.
 *
 * @param fill writes all of it.
 * @param check looks at the file as it lies on the disk; what it throws fails the backup.
 */
export async function writeBackupFile<Checked>(
  path: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>,
  check: (draft: string) => Promise<Checked>,
): Promise<Checked> {
  const draft = `${path}.unfinished`;
  try {
    await fillDraft(draft, fill);
    const checked = await check(draft);
    await rename(draft, path);
    await syncFolder(dirname(path));
    return checked;
  } catch (error) {
    await rm(draft, { force: true });
    const { code, path: failedPath } = error as NodeJS.ErrnoException;
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      throw failed(
        `There is no room for the backup in ${dirname(path)}. Make room, or name another place.`,
        error,
      );
    }
    if (failedPath !== draft) throw error;
    throw failed(
      `The backup cannot be written to ${dirname(path)} (${code}). Name a directory that exists and that this user can write.`,
      error,
    );
  }
}

async function fillDraft(
  draft: string,
  fill: (write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>,
): Promise<void> {
  const file: FileHandle = await open(draft, 'w', 0o600);
  try {
    await fill((bytes) => writeWhole(file, bytes));
    await file.sync();
  } finally {
    await file.close();
  }
}

async function find(path: string) {
  return stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw failed(`${basename(path)} cannot be looked at (${error.code}). Name another place.`, error);
  });
}

function failed(detail: string, cause?: unknown): CliError {
  return new CliError(exitCodes.failed, 'No backup was made', detail, {}, { cause });
}
