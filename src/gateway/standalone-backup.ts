import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import { LockedError, lockFile } from '../core/directory-lock.js';
import { newId } from '../core/ids.js';
import { type Database, openDatabase } from '../db/client.js';
import { type BackupManifest, type BackupSource, type Write, writeBackup } from '../domain/backup/index.js';
import type { MasterKey } from '../vault/index.js';
import { blobsDirectoryOf, DataDirectoryError, openDataDirectory } from './data-directory.js';
import { readMasterKey } from './master-key.js';
import { requireNoUnfinishedRestore } from './unfinished-restore.js';

/**
 * Makes a backup where no gateway runs on the data directory, which is taken meanwhile.
 *
 * @throws {DataDirectoryError} when one does run: it must make the backup itself.
 */
export async function writeStandaloneBackup(config: Config, write: Write): Promise<BackupManifest> {
  await requireDataDirectory(config.dataDirectory);
  const data = await openDataDirectory(config.dataDirectory);
  try {
    await requireNoUnfinishedRestore(data.path);
    const masterKey = await readMasterKey(config.masterKey);
    const database = await openDatabase(config.database);
    try {
      return await backupWriter(config, database, masterKey)(newId(), write);
    } finally {
      await database.close();
    }
  } finally {
    data.release();
  }
}

/** Makes backups of what this node has. */
export function backupWriter(config: Config, database: Database, masterKey: MasterKey) {
  const source: BackupSource = {
    database,
    masterKey,
    spoolDirectory: config.spool.directory,
    blobsDirectory: blobsDirectoryOf(config.dataDirectory),
    databaseDirectory: config.database.kind === 'embedded' ? config.database.directory : undefined,
  };
  return (id: string, write: Write) => writeBackup(source, id, write);
}

/** Whether a gateway has the data directory. */
export async function isDataDirectoryInUse(path: string): Promise<boolean> {
  await requireDataDirectory(path);
  try {
    lockFile(join(path, 'lock')).release();
    return false;
  } catch (error) {
    if (error instanceof LockedError) return true;
    throw error;
  }
}

/** A backup of a mistyped place must not make that place. */
async function requireDataDirectory(path: string): Promise<void> {
  try {
    await stat(path);
  } catch (cause) {
    throw new DataDirectoryError(
      `There is no data directory ${path} (${(cause as NodeJS.ErrnoException).code}). Set ARCHWAY_DATA_DIR to the one of the gateway, ` +
        'or ARCHWAY_ADMIN_URL and ARCHWAY_API_KEY to ask a running one.',
      { cause },
    );
  }
}
