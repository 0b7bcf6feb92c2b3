import type { FailureKind } from 'archway/sdk';

/** Why something could not be kept: what a `Failure` says, as plain data that crosses threads. */
export interface Refusal {
  readonly kind: FailureKind;
  readonly message: string;
}

/** What someone has to change before a retry can help. Every other error is taken to pass: nothing is given up. */
const configCodes = new Map([
  ['EACCES', 'the server may not write there; give its user the right to'],
  ['EPERM', 'the server may not write there; give its user the right to'],
  ['ENOTDIR', 'a part of the path is not a directory; name another directory'],
  ['EEXIST', 'something that is not a directory lies there; name another directory'],
  ['ELOOP', 'the path has too many symbolic links; name the directory itself'],
  ['ENAMETOOLONG', 'the path is too long; name a shorter one'],
  ['EXDEV', 'a folder inside it is another file system; mount that file system as the whole archive'],
]);

const passingCodes = new Map([
  ['ENOSPC', 'the disk is full'],
  ['EDQUOT', "the user's disk quota is used up"],
  ['EROFS', 'the file system is mounted read-only'],
  ['EIO', 'the disk reports an input or output error'],
  ['ENOENT', 'the directory is not there; if it is a mount, mount it again'],
  ['EMFILE', 'the server has too many files open'],
  ['ENFILE', 'the machine has too many files open'],
]);

/** The error code of the operating system, such as `ENOSPC`; undefined for any other error. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** What an error of the file system comes to. The message names the directory and the remedy. */
export function refusalFrom(error: unknown, directory: string): Refusal {
  const code = codeOf(error) ?? 'an unknown error';
  const remedy = configCodes.get(code) ?? passingCodes.get(code) ?? 'the file system refused';
  const kind = configCodes.has(code) ? 'config' : 'unavailable';
  return { kind, message: `Archive directory ${directory}: ${remedy} (${code}).` };
}
