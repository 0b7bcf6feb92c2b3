import { readdir, statfs } from 'node:fs/promises';
import type { Config } from '../../config/index.js';
import { type Check, fail, ok, warn } from './check.js';
import { errorCode, statOptional, whyNotWritable } from './files.js';

const name = 'spool';
const bytesPerMegabyte = 1024 * 1024;

/** Where captures wait while the database is away: it must take them at any moment, and have given them all back. */
export async function checkSpool({ directory, freeMinBytes }: Config['spool']): Promise<Check> {
  const stats = await statOptional(directory).catch(errorCode);
  if (stats === undefined) return ok(name, `${directory} does not exist yet; archway serve makes it`);
  const reason = typeof stats === 'string' ? stats : await whyNotWritable(directory);
  if (reason !== undefined) {
    return fail(
      name,
      `${directory} is not writable (${reason}): messages would be refused while the database is away`,
      'make it writable for the user who runs Archway, or set ARCHWAY_SPOOL_DIR',
    );
  }
  const { bavail, bsize } = await statfs(directory);
  const free = bavail * bsize;
  const space = `${megabytes(free)} MB free, ${megabytes(freeMinBytes)} MB of them kept free`;
  if (free <= freeMinBytes) {
    return fail(
      name,
      `${directory} can take nothing: ${space}`,
      'free space on its disk, or lower ARCHWAY_SPOOL_FREE_MIN_MB',
    );
  }
  return checkFiles(directory, space);
}

async function checkFiles(directory: string, space: string): Promise<Check> {
  const names = await readdir(directory);
  const damaged = names.filter((each) => each.endsWith('.damaged')).length;
  const waiting = names.filter((each) => each.endsWith('.spool')).length;
  if (damaged > 0) {
    return fail(
      name,
      `${damaged} damaged file(s) in ${directory}: captures in them could not be read back`,
      'keep a copy of them, and look for the missing messages at the provider',
    );
  }
  if (waiting > 0) {
    return warn(
      name,
      `${waiting} file(s) of captures wait in ${directory} for the database`,
      'a running server takes them in as soon as the database is back',
    );
  }
  return ok(name, `${directory} is empty, ${space}`);
}

function megabytes(bytes: number): number {
  return Math.floor(bytes / bytesPerMegabyte);
}
