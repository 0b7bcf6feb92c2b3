import { chmod, mkdir, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { LockedError, lockFile } from '../core/directory-lock.js';
import { newId } from '../core/ids.js';

/** Layout of the data directory. Raised when an older program could not use what a newer one wrote. */
const layoutVersion = 1;

/** This node's own files: it belongs to one process at a time. */
export interface DataDirectory {
  readonly path: string;
  /** Id of this node: the same after a restart, so that it takes its own leases up at once. */
  readonly nodeId: string;
  release(): void;
}

/** The data directory cannot be used; the message says what to do. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

/**
 * Makes the data directory where there is none (0700) and takes it for this process.
 *
 * @throws {DataDirectoryError} when another process has it, when a newer Archway wrote it, or when it is not writable.
 */
export async function openDataDirectory(path: string): Promise<DataDirectory> {
  await makeDirectory(path);
  const lock = takeLock(path);
  try {
    await requireKnownLayout(path);
    const nodeId = await readOrMakeNodeId(path);
    return { path, nodeId, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Where sealed attachments and recordings lie. */
export function blobsDirectoryOf(dataDirectory: string): string {
  return join(dataDirectory, 'blobs');
}

async function makeDirectory(path: string): Promise<void> {
  try {
    const made = await mkdir(path, { recursive: true, mode: 0o700 });
    if (made !== undefined) await chmod(path, 0o700);
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new DataDirectoryError(
        `The data directory ${path} is open to other users; run: chmod 700 ${path}`,
      );
    }
  } catch (cause) {
    if (cause instanceof DataDirectoryError) throw cause;
    throw new DataDirectoryError(
      `The data directory ${path} cannot be made (${(cause as Error).message}). Set ARCHWAY_DATA_DIR to a place that this user can write.`,
      { cause },
    );
  }
}

function takeLock(path: string): { release(): void } {
  try {
    return lockFile(join(path, 'lock'));
  } catch (cause) {
    if (!(cause instanceof LockedError)) throw cause;
    throw new DataDirectoryError(
      `Another Archway is running on the data directory ${path}. Stop it first, or give this one its own ARCHWAY_DATA_DIR ` +
        '(several nodes share a Postgres, never a data directory).',
      { cause },
    );
  }
}

async function requireKnownLayout(path: string): Promise<void> {
  const file = join(path, 'layout-version');
  const found = await readOptional(file);
  // Empty: the process died while it wrote it.
  if (found === undefined || found === '') {
    await writeDurably(file, `${layoutVersion}\n`);
  } else if (Number(found) !== layoutVersion) {
    throw new DataDirectoryError(
      `The data directory ${path} has layout version ${found}, and this Archway knows ${layoutVersion}. ` +
        'A newer version has used it: start that version again, or restore a backup made by this one.',
    );
  }
}

async function readOrMakeNodeId(path: string): Promise<string> {
  const file = join(path, 'node-id');
  const found = await readOptional(file);
  if (found !== undefined && found !== '') return found;
  const id = newId();
  await writeDurably(file, `${id}\n`);
  return id;
}

async function readOptional(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Writes a small private file (0600) and syncs it. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
