import type { Command } from 'commander';
import type { BackupManifest } from '../domain/backup/index.js';
import { exitCodes } from './exit-codes.js';
import { action, addCommand, type Context, jsonOption, type Shell } from './shell.js';

/** `archway backup` and `archway restore`. Their code is loaded when they run: it brings the database with it. */
export function registerBackup(program: Command, shell: Shell): void {
  addCommand(program, 'backup <target>', {
    summary: 'write everything but the master key and the archive into one file, also while the gateway runs',
    example: 'archway backup /mnt/backups/',
    notes:
      'The target is a new file, or a directory, in which the file is named by the time. Everything that was answered with\n' +
      'success before the backup began is in it. What is personal stays sealed: keep the master key apart from it.',
  })
    .addOption(jsonOption())
    .action(action(shell, backup));
  addCommand(program, 'restore <backup>', {
    summary: 'put a backup into an empty data directory and an empty database; no gateway may run there',
    example:
      'ARCHWAY_DATA_DIR=/var/lib/archway ARCHWAY_MASTER_KEY_FILE=/run/secrets/key archway restore backup.tar',
    notes:
      'It needs the master key that the gateway had. All or nothing: one that was interrupted is run again. A backup of an\n' +
      'embedded database can be restored into a Postgres (DATABASE_URL), and the other way round.',
  })
    .option('--check', 'only check that the backup is whole and that the master key opens it')
    .addOption(jsonOption())
    .action(action(shell, restore));
}

async function backup({ config, client, output }: Context, target: string): Promise<number> {
  const { backupPath, writeBackupFile } = await import('./backup-file.js');
  const { readBackup } = await import('../domain/backup/index.js');
  const path = await backupPath(target, new Date());
  const fill = await findSource(config(), client);
  let byteLength = 0;
  const manifest = await writeBackupFile(
    path,
    (write) =>
      fill(async (bytes) => {
        byteLength += bytes.length;
        await output.progress(`${megabytes(byteLength)} written`);
        await write(bytes);
      }),
    (draft) => readBackup(draft),
  );
  await output.endProgress();
  const { missingBlobs } = manifest;
  if (output.json) {
    await output.value({ path, byteLength, ...summary(manifest) });
  } else {
    await output.lines(
      `Wrote ${path} (${megabytes(byteLength)}) and read it back: ${contents(manifest)}.`,
      `It opens only with master key ${manifest.masterKeyId}, which is not in it. Keep that key elsewhere.`,
    );
  }
  if (missingBlobs === 0) return exitCodes.fine;
  await output.note(
    `${missingBlobs} attachment(s) that records name are not on this node's disk, so they are not in the backup. ` +
      'If they are on the disk of another node, back that up too; else they are lost, and should be fetched again.',
  );
  return exitCodes.trouble;
}

type Fill = (write: (bytes: Uint8Array) => Promise<void>) => Promise<unknown>;

/** A gateway that runs here is asked; where none runs, the data directory is taken. */
async function findSource(config: ReturnType<Context['config']>, client: Context['client']): Promise<Fill> {
  const { isDataDirectoryInUse, writeStandaloneBackup } = await import('../gateway/standalone-backup.js');
  if (config.adminUrl !== undefined || (await isDataDirectoryInUse(config.dataDirectory))) {
    const api = await client();
    return (write) => api.download('/v1/backups', write);
  }
  return (write) => writeStandaloneBackup(config, write);
}

async function restore(
  { config, output }: Context,
  file: string,
  { check }: { check?: boolean },
): Promise<void> {
  const { checkBackup, restoreBackup } = await import('../gateway/restore.js');
  if (check === true) {
    const { manifest } = await checkBackup(config().masterKey, file);
    if (output.json) return output.value(summary(manifest));
    return output.lines(`The backup is whole, and the master key is the right one: ${contents(manifest)}.`);
  }
  const manifest = await restoreBackup(config(), file);
  if (output.json) return output.value(summary(manifest));
  await output.lines(
    `Restored the backup of ${manifest.startedAt}: ${contents(manifest)}.`,
    `The admin API key is in ${config().dataDirectory}/admin-key; the keys that there were are valid, too.`,
    'Next: archway doctor, archway serve. What came in after the backup was made is not here: see docs/operations.md.',
  );
}

function summary(manifest: BackupManifest) {
  const { id, startedAt, masterKeyId, instances, tables, spoolFiles, blobs, missingBlobs } = manifest;
  return { id, startedAt, masterKeyId, instances, tables, spoolFiles, blobs, missingBlobs };
}

function contents({ instances, tables, blobs, spoolFiles }: BackupManifest): string {
  const spool = spoolFiles === 0 ? '' : `, ${spoolFiles} spool file(s)`;
  return `${instances.length} instance(s), ${tables.records ?? 0} record(s), ${blobs.count} attachment(s)${spool}`;
}

function megabytes(byteLength: number): string {
  return `${(byteLength / 1024 / 1024).toFixed(1)} MB`;
}
