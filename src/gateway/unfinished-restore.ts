import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../core/durable-files.js';
import { DataDirectoryError, writeDurably } from './data-directory.js';

/** The mark of a restore that has begun: while it stands, nothing in the data directory is to be relied on. */
const fileName = 'restore-unfinished';

export async function markRestore(dataDirectory: string, backupId: string): Promise<void> {
  await writeDurably(join(dataDirectory, fileName), `${backupId}\n`);
  await syncFolder(dataDirectory);
}

/** Id of the backup that was being restored; empty when the process died while it wrote the mark. */
export async function readRestoreMark(dataDirectory: string): Promise<string | undefined> {
  try {
    return (await readFile(join(dataDirectory, fileName), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

export async function removeRestoreMark(dataDirectory: string): Promise<void> {
  await rm(join(dataDirectory, fileName), { force: true });
  await syncFolder(dataDirectory);
}

/** @throws {DataDirectoryError} while a restore has begun and not ended. */
export async function requireNoUnfinishedRestore(dataDirectory: string): Promise<void> {
  const backupId = await readRestoreMark(dataDirectory);
  if (backupId === undefined) return;
  throw new DataDirectoryError(
    `A restore into ${dataDirectory} was interrupted (backup ${backupId}). Run archway restore again with that backup: it begins anew ` +
      'and finishes. Nothing is served from half of one.',
  );
}
