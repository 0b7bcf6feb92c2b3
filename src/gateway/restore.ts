import { join } from 'node:path';
import type { Config, MasterKeySource } from '../config/index.js';
import { failPoint } from '../core/failpoint.js';
import { wasAudited, writeAudit } from '../db/access.js';
import { BackupLoad } from '../db/backup-load.js';
import { type Database, openDatabase } from '../db/client.js';
import { isDatabaseUnavailable } from '../db/errors.js';
import { appliedMigrations, knownMigrations } from '../db/migrate.js';
import { listInstances } from '../db/tenancy.js';
import {
  BackupError,
  type BackupHead,
  type BackupManifest,
  readBackup,
  readBackupHead,
} from '../domain/backup/index.js';
import { type MasterKey, MasterKeyError, masterKeyId, openInstanceKey } from '../vault/index.js';
import { blobsDirectoryOf, openDataDirectory } from './data-directory.js';
import { addAdminKey } from './first-start.js';
import { readMasterKey } from './master-key.js';
import { RestoredFiles } from './restored-files.js';
import { markRestore, readRestoreMark, removeRestoreMark } from './unfinished-restore.js';

const restoreAction = 'backup.restore';

/**
 * Reads the whole backup and checks it against its digests, its counts and the master key. Nothing is changed.
 *
 * @throws {BackupError} that says what is wrong and what to do.
 */
export async function checkBackup(
  source: MasterKeySource,
  file: string,
): Promise<{ manifest: BackupManifest; masterKey: MasterKey }> {
  const head = await readBackupHead(file);
  requireKnownSchema(head);
  const masterKey = await requireMasterKey(source, head);
  return { manifest: await readBackup(file, {}, masterKey), masterKey };
}

/**
 * Puts a backup into an empty data directory and an empty database: all of it or nothing. One that was killed in the middle is
 * repeated by calling this again; until then no gateway starts there.
 *
 * The commit in the database is what makes it valid. Files are in their places before, and a mark in the data directory
 * says until after it that they may not be all.
 *
 * @throws {BackupError}, {LoadRefusedError} and {DataDirectoryError}, that say what is wrong and what to do.
 */
export async function restoreBackup(config: Config, file: string): Promise<BackupManifest> {
  const { manifest, masterKey } = await checkBackup(config.masterKey, file);
  const data = await openDataDirectory(config.dataDirectory);
  try {
    const database = await openDatabase(config.database);
    try {
      await restoreInto({ config, file, manifest, masterKey, database });
    } finally {
      await database.close();
    }
  } finally {
    data.release();
  }
  return manifest;
}

interface Restoring {
  readonly config: Config;
  readonly file: string;
  readonly manifest: BackupManifest;
  readonly masterKey: MasterKey;
  readonly database: Database;
}

async function restoreInto(restoring: Restoring): Promise<void> {
  const { config, manifest, database } = restoring;
  const { dataDirectory } = config;
  const files = new RestoredFiles(config.spool.directory, blobsDirectoryOf(dataDirectory));
  const earlier = await readRestoreMark(dataDirectory);
  if (earlier !== undefined) {
    if (await isCommitted(database, earlier)) {
      await removeRestoreMark(dataDirectory);
      if (earlier === manifest.id) return;
    } else {
      await files.remove();
    }
  }
  await files.requireNone();
  await markRestore(dataDirectory, manifest.id);
  failPoint('restore:marked');
  try {
    await load(restoring, files);
  } catch (error) {
    if (isDatabaseUnavailable(error)) throw databaseLost(error);
    await files.remove();
    await removeRestoreMark(dataDirectory);
    throw explained(error);
  }
  failPoint('restore:committed');
  await removeRestoreMark(dataDirectory);
}

/** Whether the commit went through is not known: the mark stays, and the next try finds out. */
function databaseLost(cause: unknown): BackupError {
  return new BackupError(
    `The database was lost during the restore (${(cause as Error).message}). See to it, or to its disk, and run the same command again; ` +
      'until then no gateway starts on this data directory.',
    { cause },
  );
}

function explained(error: unknown): unknown {
  const { code, path } = error as NodeJS.ErrnoException;
  if (path === undefined && code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'there is no room on the disk' : `${path}: ${code}`;
  return new BackupError(
    `The restore failed and was undone: ${reason}. Make the data directory writable with room for the whole backup, and run it again.`,
    { cause: error },
  );
}

async function load(restoring: Restoring, files: RestoredFiles): Promise<void> {
  const { config, file, manifest, masterKey, database } = restoring;
  await database.orm.transaction(async (tx) => {
    const rows = await BackupLoad.begin(tx, Math.max(...manifest.schema));
    await readBackup(
      file,
      {
        rows: (table, lines) => rows.insert(table, lines),
        spoolFile: (name, content) => files.addSpoolFile(name, content),
        blob: (path, content) => files.addBlob(path, content),
      },
      masterKey,
    );
    await files.sync();
    await rows.finish(new Date(manifest.startedAt));
    for (const instance of await listInstances(tx)) {
      openInstanceKey(masterKey, instance.id, instance.wrappedKey);
    }
    await addAdminKey(tx, join(config.dataDirectory, 'admin-key'));
    failPoint('restore:loaded');
    await writeAudit(tx, { instanceId: null, actor: 'system', action: restoreAction, subject: manifest.id });
  });
}

/** The restore notes itself in the transaction that makes it valid. */
async function isCommitted({ orm }: Database, id: string): Promise<boolean> {
  if ((await appliedMigrations(orm)) === undefined) return false;
  return wasAudited(orm, { action: restoreAction, subject: id });
}

function requireKnownSchema({ schema, archwayVersion }: BackupHead): void {
  const known = new Set(knownMigrations().map((migration) => migration.folderMillis));
  if (schema.every((version) => known.has(version))) return;
  throw new BackupError(
    `A newer Archway (${archwayVersion}) made this backup, with a schema that this version does not know. Restore it with that version.`,
  );
}

async function requireMasterKey(source: MasterKeySource, head: BackupHead): Promise<MasterKey> {
  const wanted = `This backup is sealed under master key ${head.masterKeyId}`;
  const remedy =
    'Give the same key that the backed-up gateway had: set ARCHWAY_MASTER_KEY, or put its file (mode 0600) where ' +
    'ARCHWAY_MASTER_KEY_FILE points, by default master-key in the data directory. Without it nothing in the backup can be read.';
  let masterKey: MasterKey;
  try {
    masterKey = await readMasterKey(source);
  } catch (cause) {
    if (!(cause instanceof MasterKeyError)) throw cause;
    throw new BackupError(`${wanted}, and there is no usable key here. ${cause.message} ${remedy}`, {
      cause,
    });
  }
  const given = masterKeyId(masterKey);
  if (given !== head.masterKeyId)
    throw new BackupError(`${wanted}, and the key given is ${given}. ${remedy}`);
  return masterKey;
}
