import { readRestoreMark } from '../../gateway/unfinished-restore.js';
import { type Check, fail, ok, warn } from './check.js';
import { errorCode, isOpenToOthers, octalMode, statOptional, whyNotWritable } from './files.js';

const name = 'data directory';

/** There, ours, closed to others, writable: what `serve` insists on. */
export async function checkDataDirectory(path: string): Promise<Check> {
  const stats = await statOptional(path).catch(errorCode);
  if (stats === undefined) {
    return warn(
      name,
      `${path} does not exist yet`,
      'archway serve makes it; or set ARCHWAY_DATA_DIR to the one you mean',
    );
  }
  if (typeof stats === 'string')
    return fail(name, `${path} cannot be read (${stats})`, 'give this user the right to');
  if (!stats.isDirectory())
    return fail(name, `${path} is not a directory`, 'set ARCHWAY_DATA_DIR to a directory');
  if (isOpenToOthers(stats)) {
    return fail(name, `${path} is open to other users (mode ${octalMode(stats)})`, `chmod 700 ${path}`);
  }
  const reason = await whyNotWritable(path);
  if (reason !== undefined) {
    return fail(
      name,
      `${path} is not writable (${reason})`,
      'make it writable for the user who runs Archway',
    );
  }
  if (!isOwner(stats)) {
    return warn(
      name,
      `${path} belongs to another user, so the embedded database is left closed`,
      'run archway doctor as the user who runs the server',
    );
  }
  const restoring = await readRestoreMark(path);
  if (restoring !== undefined) {
    return fail(
      name,
      `a restore into ${path} was interrupted (backup ${restoring})`,
      'run archway restore again with that backup',
    );
  }
  return ok(name, path);
}

/**
 * Whether this user is the one that the data belongs to. Root can open everything, and would leave files behind that the
 * server then cannot open.
 */
export function isOwner(stats: { readonly uid: number }): boolean {
  return process.getuid === undefined || process.getuid() === stats.uid;
}
