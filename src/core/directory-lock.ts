import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { tryLock } from 'fs-native-extensions';

/** Somebody else holds the lock, in this process or in another one. */
export class LockedError extends Error {
  override readonly name = 'LockedError';

  constructor(
    readonly path: string,
    /** The process that holds the lock, where it could be read. */
    readonly holderProcessId: number | undefined,
  ) {
    const holder = holderProcessId === undefined ? 'another process' : `process ${holderProcessId}`;
    super(`${path} is locked by ${holder}. Stop that process, or use another directory.`);
  }
}

export interface FileLock {
  release(): void;
}

/**
 * Takes the exclusive lock on a file, which is created (0600) when it is missing. The operating system holds
 * the lock for the open file, so it ends with its holder, however that dies, and a second attempt in the same
 * process is refused too.
 *
 * @throws LockedError when it is held
 */
export function lockFile(path: string): FileLock {
  const fileDescriptor = openSync(path, 'a+', 0o600);
  try {
    if (!tryLock(fileDescriptor)) throw new LockedError(path, readHolder(path));
    ftruncateSync(fileDescriptor);
    writeSync(fileDescriptor, `${process.pid}\n`);
  } catch (error) {
    closeSync(fileDescriptor);
    throw error;
  }

  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      // The file stays: removing it would let two processes lock two files of one name.
      closeSync(fileDescriptor);
    },
  };
}

function readHolder(path: string): number | undefined {
  const processId = Number.parseInt(readFileSync(path, 'utf8'), 10);
  return Number.isNaN(processId) ? undefined : processId;
}
