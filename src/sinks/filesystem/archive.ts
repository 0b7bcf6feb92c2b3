import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Envelope, type Evidence, Failure, type Inspection } from 'archway/sdk';
import { digested, digestOf } from './digest.js';
import { failureFrom } from './failures.js';
import { makeFolder, syncFolder } from './folders.js';
import { attachmentPlaceOf, isLocator } from './layout.js';
import { codeOf } from './refusal.js';
import { discard, incomingFolder } from './write-once.js';

/** No write lasts this long; a staged file that is older belongs to a process that died. */
const leftoverAfterMs = 24 * 60 * 60 * 1000;

/**
 * Makes the archive's directory if it is not there, durably, and sweeps what dead processes left in it. Resolves
 * to its absolute path. Throws errors of the file system.
 */
export async function openArchive(directory: string, now: Date): Promise<string> {
  const root = resolve(directory);
  const incoming = join(root, incomingFolder);
  const firstMade = await makeFolder(incoming);
  if (firstMade !== undefined) await syncFrom(root, dirname(firstMade));
  await sweep(incoming, now);
  return root;
}

/** Syncs the folders from the innermost out to `outermost`, so that the names of new ones last. */
async function syncFrom(innermost: string, outermost: string): Promise<void> {
  for (let path = innermost; ; path = dirname(path)) {
    await syncFolder(path);
    if (path === outermost || path === dirname(path)) return;
  }
}

async function sweep(incoming: string, now: Date): Promise<void> {
  for (const name of await readdir(incoming)) {
    if (!name.endsWith('.tmp')) continue;
    const path = join(incoming, name);
    const age = now.getTime() - (await changedAt(path, now)).getTime();
    if (age > leftoverAfterMs) await discard(path);
  }
}

/** `now` for a file that another process has just finished with. */
async function changedAt(path: string, now: Date): Promise<Date> {
  try {
    return (await lstat(path)).mtime;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return now;
    throw error;
  }
}

/**
 * Reads back what an evidence names, and the bytes that belong to it. Throws a `Failure` when that cannot be told, such as
 * for an unmounted disk.
 */
export async function inspectKept(root: string, evidence: Evidence): Promise<Inspection> {
  if (!isLocator(evidence.locator)) {
    throw new Failure('rejected', 'The locator is not one that a filesystem sink gives; nothing was read.');
  }
  try {
    const envelope = await readKept(join(root, ...evidence.locator.split('/')), (handle) =>
      handle.readFile(),
    );
    if (envelope === undefined || digested(envelope).sha256 !== evidence.sha256) return 'altered';
    return await inspectAttachment(root, envelope);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ENOTDIR') throw failureFrom(error, root);
  }
  // A file is missing only from an archive that is there.
  await lstat(join(root, incomingFolder)).catch((error: unknown) => {
    throw failureFrom(error, root);
  });
  return 'missing';
}

/** The envelope is as it was delivered, so what it says of the bytes holds. */
async function inspectAttachment(root: string, bytes: Uint8Array): Promise<'intact' | 'altered'> {
  const { skeleton, content } = JSON.parse(Buffer.from(bytes).toString('utf8')) as Envelope;
  if (content.kind !== 'attachment') return 'intact';
  const { folders, file } = attachmentPlaceOf(skeleton.instance, content.sha256);
  return (await readKept(join(root, ...folders, file), digestOf)) === content.sha256 ? 'intact' : 'altered';
}

/** Reads a file; undefined when something else than a file lies there. */
async function readKept<Read>(
  path: string,
  read: (handle: FileHandle) => Promise<Read>,
): Promise<Read | undefined> {
  const handle = await openUnlinked(path);
  if (handle === undefined) return undefined;
  try {
    return (await handle.stat()).isFile() ? await read(handle) : undefined;
  } finally {
    await handle.close();
  }
}

async function openUnlinked(path: string) {
  // Without O_NONBLOCK, a named pipe put in the file's place would hold the inspection for ever.
  try {
    return await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (codeOf(error) === 'ELOOP') return undefined;
    throw error;
  }
}
