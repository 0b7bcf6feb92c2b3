import { createReadStream } from 'node:fs';
import { open, readdir, readFile, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { archwayVersion } from '../../core/version.js';
import {
  databaseByteLength,
  type Snapshot,
  tableNames,
  tablesWithBlobs,
  withSnapshot,
} from '../../db/backup-snapshot.js';
import type { Database } from '../../db/client.js';
import { appliedMigrations, knownMigrations } from '../../db/migrate.js';
import { type MasterKey, masterKeyId } from '../../vault/index.js';
import { ArchiveWriter, type Write } from './archive-writer.js';
import {
  BackupError,
  type BackupHead,
  type BackupManifest,
  blobPattern,
  formatName,
  formatVersion,
  headMember,
  macMember,
  manifestMac,
  manifestMember,
  NoRoomError,
  spoolPattern,
  tablePart,
} from './format.js';

export interface BackupSource {
  readonly database: Database;
  readonly masterKey: MasterKey;
  readonly spoolDirectory: string;
  readonly blobsDirectory: string;
  /** Of an embedded database. */
  readonly databaseDirectory?: string | undefined;
}

const compress = promisify(gzip);
/** Rows are compressed by so many characters at a time; a part is no longer than that and one portion of rows. */
const partCharacters = 4 * 1024 * 1024;
/** Sealed bytes do not get smaller; that they are written as hexadecimal digits is undone at any level. */
const compressionLevel = 1;
/** What is put aside is text, with bytes as hexadecimal digits. */
const snapshotFactor = 2;

/**
 * Writes a backup: the spool, then all tables as they are at one moment, then the blobs. The order is what makes it
 * complete: a capture leaves the spool only after it was committed, and a row that names a blob is committed only after the
 * blob is there. So everything that was acknowledged before this was called is in it.
 *
 * Memory holds a few parts at a time, whatever the size of the database.
 *
 * @throws {NoRoomError} when the disk of an embedded database has no room for what is put aside meanwhile.
 * @throws {BackupError} when the database is not at this version.
 * @throws whatever `write` throws; what was written by then has no manifest, and is refused by every reader.
 */
export async function writeBackup(source: BackupSource, id: string, write: Write): Promise<BackupManifest> {
  await requireRoom(source);
  const startedAt = new Date();
  const head: BackupHead = {
    format: formatName,
    formatVersion,
    id,
    startedAt: startedAt.toISOString(),
    archwayVersion,
    database: source.database.kind,
    schema: await requireCurrentSchema(source.database),
    masterKeyId: masterKeyId(source.masterKey),
  };
  const writer = new ArchiveWriter(write, startedAt);
  await writer.addPlain(headMember, toJson(head));
  const spoolFiles = await writeSpool(writer, source.spoolDirectory);
  const { tables, instances, missingBlobs } = await withSnapshot(source.database, (snapshot) =>
    writeTables(writer, snapshot, source.blobsDirectory),
  );
  const blobs = await writeBlobs(writer, source.blobsDirectory);
  await writer.flushSums();
  const endedAt = new Date().toISOString();
  const manifest = {
    ...head,
    endedAt,
    instances,
    tables,
    spoolFiles,
    blobs,
    missingBlobs,
    sums: writer.sums,
  };
  const bytes = toJson(manifest);
  await writer.addPlain(manifestMember, bytes);
  await writer.addPlain(macMember, Buffer.from(`${manifestMac(source.masterKey, bytes)}\n`, 'utf8'));
  await writer.end();
  return manifest;
}

/** A disk that fills up under the embedded database would stop more than the backup. */
async function requireRoom({ database, databaseDirectory }: BackupSource): Promise<void> {
  if (databaseDirectory === undefined) return;
  const { bavail, bsize } = await statfs(databaseDirectory);
  const needed = snapshotFactor * (await databaseByteLength(database.orm));
  if (bavail * bsize > needed) return;
  throw new NoRoomError(
    `A backup puts the rows of the embedded database aside while it is made: ${megabytes(needed)} MB, and its disk has ` +
      `${megabytes(bavail * bsize)} MB free. Make room, or stop the gateway and copy the data directory.`,
  );
}

function megabytes(byteLength: number): number {
  return Math.ceil(byteLength / 1024 / 1024);
}

async function requireCurrentSchema(database: Database): Promise<number[]> {
  const applied = (await appliedMigrations(database.orm)) ?? [];
  const known = knownMigrations().map((migration) => migration.folderMillis);
  const isCurrent = applied.length === known.length && known.every((version) => applied.includes(version));
  if (isCurrent) return known;
  throw new BackupError(
    'The database is not at the version of this Archway. Make the backup with the Archway that runs on it, ' +
      'or bring it up to date first: archway migrate.',
  );
}

async function writeSpool(writer: ArchiveWriter, directory: string): Promise<number> {
  let count = 0;
  for (const name of (await listFolder(directory)).sort()) {
    const part = `spool/${name}`;
    if (!spoolPattern.test(part)) continue;
    // Drained meanwhile: then it is in the tables, which are read later.
    const bytes = await unlessMissing(readFile(join(directory, name)));
    if (bytes === undefined) continue;
    await writer.addPart(part, bytes);
    count += 1;
  }
  return count;
}

/** What is learned from the rows while they pass. */
interface Noted {
  readonly instances: string[];
  missingBlobs: number;
}

async function writeTables(
  writer: ArchiveWriter,
  snapshot: Snapshot,
  blobsDirectory: string,
): Promise<Noted & { tables: Record<string, number> }> {
  const tables: Record<string, number> = {};
  const noted: Noted = { instances: [], missingBlobs: 0 };
  const withBlobs = tablesWithBlobs();
  for (const table of tableNames()) {
    tables[table] = await writeTable(writer, table, snapshot.rows(table), async (lines) => {
      if (table === 'instances') noted.instances.push(...lines.map((line) => parseRow(line).id));
      if (withBlobs.has(table)) noted.missingBlobs += await countMissingBlobs(lines, blobsDirectory);
    });
  }
  return { tables, ...noted };
}

/** The row was committed after its blob, so a blob that is not there now is not in the backup either. */
async function countMissingBlobs(lines: readonly string[], directory: string): Promise<number> {
  let missing = 0;
  for (const { instance_id: instance, blob_id: id } of lines.map(parseRow)) {
    if (typeof id !== 'string') continue;
    const found = await unlessMissing(stat(join(directory, instance, id.slice(0, 2), id)));
    if (found === undefined) missing += 1;
  }
  return missing;
}

function parseRow(line: string) {
  return JSON.parse(line) as { id: string; instance_id: string; blob_id?: string | null };
}

async function writeTable(
  writer: ArchiveWriter,
  table: string,
  portions: AsyncIterable<string[]>,
  seen: (lines: readonly string[]) => Promise<void>,
): Promise<number> {
  let [rows, parts, characters] = [0, 0, 0];
  let texts: string[] = [];
  const flush = async () => {
    if (texts.length === 0) return;
    parts += 1;
    const bytes = await compress(texts.join(''), { level: compressionLevel });
    texts = [];
    characters = 0;
    await writer.addPart(tablePart(table, parts), bytes);
  };
  for await (const lines of portions) {
    await seen(lines);
    const text = `${lines.join('\n')}\n`;
    texts.push(text);
    rows += lines.length;
    characters += text.length;
    if (characters >= partCharacters) await flush();
  }
  await flush();
  return rows;
}

async function writeBlobs(
  writer: ArchiveWriter,
  directory: string,
): Promise<{ count: number; byteLength: number }> {
  const total = { count: 0, byteLength: 0 };
  for (const instance of await listFolder(directory)) {
    for (const folder of await listFolder(join(directory, instance))) {
      for (const name of await listFolder(join(directory, instance, folder))) {
        const path = join(instance, folder, name);
        if (!blobPattern.test(`blobs/${path}`)) continue;
        const byteLength = await writeBlob(writer, join(directory, path), `blobs/${path}`);
        if (byteLength === undefined) continue;
        total.count += 1;
        total.byteLength += byteLength;
      }
    }
  }
  return total;
}

/** Returns its length; undefined when it was erased meanwhile. A blob is never changed, so its length stays true. */
async function writeBlob(writer: ArchiveWriter, path: string, part: string): Promise<number | undefined> {
  const file = await unlessMissing(open(path, 'r'));
  if (file === undefined) return undefined;
  try {
    const { size } = await file.stat();
    await writer.addStream(part, size, createReadStream(path, { fd: file, autoClose: false }));
    return size;
  } finally {
    await file.close();
  }
}

/** Names in a folder; none where there is no folder. */
async function listFolder(path: string): Promise<string[]> {
  return (await unlessMissing(readdir(path))) ?? [];
}

async function unlessMissing<Value>(action: Promise<Value>): Promise<Value | undefined> {
  try {
    return await action;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function toJson(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`, 'utf8');
}
