import type { Stats } from 'node:fs';
import { access, constants, stat } from 'node:fs/promises';

/** What lies at a path; undefined when there is nothing. */
export async function statOptional(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Why this user cannot create files in a directory, as a code of the operating system; undefined when it can. */
export async function whyNotWritable(directory: string): Promise<string | undefined> {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Whether group or others may use it. Windows has no such mode bits. */
export function isOpenToOthers(stats: Stats): boolean {
  return process.platform !== 'win32' && (stats.mode & 0o077) !== 0;
}

export function octalMode(stats: Stats): string {
  return (stats.mode & 0o777).toString(8).padStart(4, '0');
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
}
