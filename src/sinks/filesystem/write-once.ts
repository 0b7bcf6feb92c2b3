import { randomUUID } from 'node:crypto';
import fs, { constants } from 'node:fs';
import { link, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Digested, digestOf } from './digest.js';
import { limitedTo } from './limit.js';
import { codeOf } from './refusal.js';

/** Where files are written before they get their name. One folder for all, so that leftovers are found. */
export const incomingFolder = '.incoming';

/**
 * `new`: the bytes now lie under the name. `same`: they lay there already, and are durable. `other`: other bytes lie
 * there, and were left alone.
 */
export type Publication = 'new' | 'same' | 'other';

/** Gives a staged file its name, without ever replacing other content. It asks for the digest only if the name is taken. */
export type Publish = (staged: string, name: string, content: () => Digested) => Promise<Publication>;

/** How files get their names, which depends on the file system. */
export type Publishing = 'by link' | 'by reservation';

const readOnly = 0o444;
// Without O_NONBLOCK, a named pipe put in a file's place would hold the reader for ever.
const openForReading = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const sync = (file: number) => promisify(fs.fsync)(file);

/**
 * Writes bytes, as they come, to a new read-only file under a random name in `folder` and syncs it. Resolves to its path. The mode
 * is given at creation: it binds everyone who opens the file later, and never was anything else.
 */
export async function stage(folder: string, bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const staged = newName(folder);
  const handle = await open(staged, 'wx', readOnly);
  try {
    // `writeFile` goes on from where the last one ended.
    for await (const piece of bytes) await handle.writeFile(piece);
    await handle.sync();
  } catch (error) {
    await handle.close();
    await discard(staged);
    throw error;
  }
  await handle.close();
  return staged;
}

/** The same for bytes that are all there. Everything but the sync is done at once, and holds up the thread. */
export async function stageAtOnce(folder: string, bytes: Uint8Array): Promise<string> {
  const staged = newName(folder);
  const file = fs.openSync(staged, 'wx', readOnly);
  try {
    for (let written = 0; written < bytes.length; ) written += fs.writeSync(file, bytes, written);
    await sync(file);
  } catch (error) {
    fs.closeSync(file);
    discardAtOnce(staged);
    throw error;
  }
  fs.closeSync(file);
  return staged;
}

function newName(folder: string): string {
  return join(folder, `${randomUUID()}.tmp`);
}

/** Removes a staged file. One that stays is harmless: it is swept when the archive is next opened. */
export async function discard(staged: string): Promise<void> {
  await unlink(staged).catch(leaveForSweep);
}

export function discardAtOnce(staged: string): void {
  try {
    fs.unlinkSync(staged);
  } catch {
    leaveForSweep();
  }
}

function leaveForSweep(): void {
  // Nothing depends on it: the archive holds no name of this file.
}

/** Publishes by a hard link, which the file system makes as a whole and refuses when the name is taken. */
const publishByLink =
  (makeLink: (staged: string, name: string) => Promise<void> | void): Publish =>
  async (staged, name, content) => {
    try {
      await makeLink(staged, name);
      return 'new';
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return compareKept(name, content());
    }
  };

/**
 * For file systems without hard links (exFAT, some network drives): an empty file, created exclusively, reserves
 * the name, and the staged file is renamed over it. An empty file that is found there was left by a process that died
 * in between; no envelope is empty, so taking it over replaces nothing.
 */
const publishByReservation: Publish = (staged, name, content) =>
  oneAtATime(() => reserveAndRename(staged, name, content()));

/** Two that reserve the same name must not both see it empty. */
const oneAtATime = limitedTo(1);

async function reserveAndRename(staged: string, name: string, content: Digested): Promise<Publication> {
  try {
    await (await open(name, 'wx', readOnly)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await isEmptyFile(name))) return compareKept(name, content);
  }
  await rename(staged, name);
  return 'new';
}

/** Syncs what it finds equal: whoever wrote it may have died before doing so, or copied it there. */
export async function compareKept(name: string, { byteLength, sha256 }: Digested): Promise<'same' | 'other'> {
  const handle = await openKept(name);
  if (handle === undefined) return 'other';
  try {
    const status = await handle.stat();
    if (!status.isFile() || status.size !== byteLength) return 'other';
    if ((await digestOf(handle)) !== sha256) return 'other';
    await handle.sync();
    return 'same';
  } finally {
    await handle.close();
  }
}

async function isEmptyFile(name: string): Promise<boolean> {
  const handle = await openKept(name);
  if (handle === undefined) return false;
  try {
    const status = await handle.stat();
    return status.isFile() && status.size === 0;
  } finally {
    await handle.close();
  }
}

/** Undefined for a symbolic link: that is not something that this sink wrote. */
async function openKept(name: string) {
  try {
    return await open(name, openForReading);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}

export const publishers: Readonly<Record<Publishing, Publish>> = {
  'by link': publishByLink((staged, name) => link(staged, name)),
  'by reservation': publishByReservation,
};

/** The same without leaving the thread, where that can be. */
export const publishersAtOnce: Readonly<Record<Publishing, Publish>> = {
  'by link': publishByLink((staged, name) => fs.linkSync(staged, name)),
  'by reservation': publishByReservation,
};

/** Says how files get their names in this file system, by trying it in `folder`. */
export async function choosePublishing(folder: string): Promise<Publishing> {
  const probe = await stageAtOnce(folder, Buffer.from('probe'));
  const linked = `${probe}.link.tmp`;
  try {
    await link(probe, linked);
    return 'by link';
  } catch (error) {
    if (!noHardLinks.has(codeOf(error) ?? '')) throw error;
    return 'by reservation';
  } finally {
    await discard(linked);
    await discard(probe);
  }
}

const noHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);
