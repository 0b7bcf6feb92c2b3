import { randomBytes, randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, open, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { MasterKeyError } from './errors.js';
import { MASTER_KEY_LENGTH, type MasterKey, parseMasterKey } from './master-key.js';

// A key file holds 45 bytes. More than this is some other file, and not worth reading into memory.
const KEY_FILE_LENGTH_MAX = 1024;

/**
 * Loads a master key from a file that only its owner can use.
 *
 * @throws MasterKeyError when the file is missing, is open to group or others, or does not hold a key.
 */
export async function loadMasterKeyFile(path: string): Promise<MasterKey> {
  const file = await openKeyFile(path);
  try {
    // Asked of the open file, not of the path: the file that is judged is the file that is read.
    const { mode, size } = await file.stat();
    requireKeyFile(path, mode, size);
    return parseMasterKey(await file.readFile('utf8'), path);
  } finally {
    await file.close();
  }
}

/**
 * Loads the master key file, or makes one (mode 0600, base64 and a newline) where there is none. When this returns,
 * the key has reached the disk under its final name: nothing may be sealed under a key that a power cut can take
 * away. Several processes that start at once end with the same key. The directory must exist.
 *
 * @returns the key, and whether it was made just now (then the operator should be told to keep a copy elsewhere).
 * @throws MasterKeyError as `loadMasterKeyFile` does, or when the file cannot be written.
 */
export async function loadOrCreateMasterKeyFile(
  path: string,
): Promise<{ masterKey: MasterKey; created: boolean }> {
  let created = false;
  try {
    created = !(await exists(path)) && (await createKeyFile(path));
    // Even when the file was there: a process that died while making it may have left the name unsynced.
    await syncDirectory(dirname(path));
  } catch (cause) {
    throw new MasterKeyError(
      `The master key file ${path} cannot be written (${errorCode(cause)}). Make its directory exist and be ` +
        'writable for this user, or give a key in ARCHWAY_MASTER_KEY.',
      { cause },
    );
  }
  return { masterKey: await loadMasterKeyFile(path), created };
}

/** @returns false when another process was first. */
async function createKeyFile(path: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.new`;
  try {
    await writeDurably(draft, `${randomBytes(MASTER_KEY_LENGTH).toString('base64')}\n`);
    // A link, not a rename: it never replaces a key that is there, and the name never shows a half-written file.
    await link(draft, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows cannot open a directory; its file systems journal names themselves.
  if (process.platform === 'win32') return;
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

async function openKeyFile(path: string): Promise<FileHandle> {
  try {
    // Without O_NONBLOCK, a named pipe at this path would hold up the start for ever.
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw new MasterKeyError(
      `The master key file ${path} cannot be read (${errorCode(cause)}). Put the key file back, or make it ` +
        'readable for the user that runs Archway.',
      { cause },
    );
  }
}

function requireKeyFile(path: string, mode: number, size: number): void {
  if ((mode & constants.S_IFMT) !== constants.S_IFREG || size > KEY_FILE_LENGTH_MAX) {
    throw new MasterKeyError(
      `${path} is not a master key file: it must be a small file with one line of base64.`,
    );
  }
  // Windows has no such mode bits and reports every file as open to all.
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const octal = (mode & 0o777).toString(8).padStart(3, '0');
    throw new MasterKeyError(
      `The master key file ${path} is open to other users (mode ${octal}). Close it with: chmod 600 ${path}`,
    );
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
