const remedies: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full. Free space on it, or move the data directory to a larger one',
  EDQUOT: "the user's disk quota is used up. Free space, or raise the quota",
  EFBIG: 'the file is larger than the file system allows. Use another file system, or a lower limit',
  EROFS: 'the file system is mounted read-only. Mount it for writing',
  EACCES: 'this user may not use it. Give it to the user that runs Archway',
  EPERM: 'this user may not use it. Give it to the user that runs Archway',
  ENOENT: 'its directory is gone. If it is on a disk of its own, mount that again',
  ENOTDIR: 'a part of its path is not a directory. Move that file away',
  ELOOP: 'a symbolic link lies where a blob should. Restore the blob from a backup',
  EIO: 'the disk reports an input or output error. Check the disk',
  EMFILE: 'the process has too many files open. Raise its limit (ulimit -n)',
  ENFILE: 'the machine has too many files open',
};

/** The disk below a blob store refused. Passing or not, nothing was lost: the same call can be made again. */
export class BlobStorageError extends Error {
  override readonly name = 'BlobStorageError';

  /**
   * @param folder the folder of the store.
   * @param code of the operating system, such as `ENOSPC`.
   */
  constructor(
    readonly folder: string,
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(
      `The blob store in ${folder} cannot be used: ${remedies[code] ?? 'the file system refused'} (${code}).`,
      options,
    );
  }
}

/** Runs what touches the disk, and nothing else: an error of a source may have a code as well. */
export async function onDisk<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (cause) {
    const code = codeOf(cause);
    if (code === undefined) throw cause;
    throw new BlobStorageError(folder, code, { cause });
  }
}

/** The code of an error of the operating system, such as `ENOENT`; undefined for any other, Node's `ERR_…` included. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
}
