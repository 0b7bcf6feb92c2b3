import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  stat,
  statfs,
  unlink,
} from 'node:fs/promises';
import { join } from 'node:path';
import { failPoint } from '../core/failpoint.js';
import type { CaptureRow } from '../db/inbox.js';
import { decodeFrame, encodeFrame } from './spool-frame.js';

export interface SpoolOptions {
  readonly directory: string;
  /** Free space that the spool leaves on its disk, in bytes. */
  readonly freeMinBytes: number;
}

/** The spool cannot take more: the sender must keep its message and try again. */
export class SpoolFullError extends Error {
  override readonly name = 'SpoolFullError';
}

/** The spool directory cannot be used: starting all the same would mean to lose messages at the next outage. */
export class SpoolUnusableError extends Error {
  override readonly name = 'SpoolUnusableError';
}

/** What one spool file holds. */
export interface SpoolFile {
  readonly name: string;
  readonly rows: readonly CaptureRow[];
  /** A frame in its middle fails its checksum; `rows` are those before it. */
  readonly damaged: boolean;
}

const fileNamePattern = /^\d{12}\.spool$/;
/** Files that were set aside keep their number, so that none is ever written over. */
const numberedPattern = /^\d{12}\.spool(\.damaged)?$/;
/** A new file is begun beyond this size; a whole file is read when it is drained. */
const fileMaxBytes = 8 * 1024 * 1024;

/**
 * Where captures wait, on this node's disk, while the database is away: append-only files of sealed, checksummed frames.
 * Files are drained from the oldest and removed when all that they hold is committed; one that is drained twice after a
 * crash does no harm, since its captures have had their ids from their acceptance.
 *
 * Not safe for two callers at once: the ingest loop is the only one.
 */
export class Spool {
  /** Oldest first. The last one is being appended to while `#current` is set. */
  #files: string[];
  #current: { handle: FileHandle; length: number } | undefined;
  /** Of the newest file that there ever was. */
  #lastNumber: number;

  private constructor(
    readonly options: SpoolOptions,
    names: readonly string[],
  ) {
    this.#files = names.filter((name) => fileNamePattern.test(name)).sort();
    this.#lastNumber = Math.max(0, ...names.filter((name) => numberedPattern.test(name)).map(numberOf));
  }

  /** @throws {SpoolUnusableError} when the directory cannot be made, listed, or written and synced. */
  static async open(options: SpoolOptions): Promise<Spool> {
    try {
      await mkdir(options.directory, { recursive: true, mode: 0o700 });
      await tryWrite(options.directory);
      return new Spool(options, await readdir(options.directory));
    } catch (cause) {
      throw new SpoolUnusableError(
        `The spool directory ${options.directory} cannot be written (${(cause as Error).message}). ` +
          'Messages that arrive during a database outage are kept there: make it writable, or set ARCHWAY_SPOOL_DIR.',
        { cause },
      );
    }
  }

  get isEmpty(): boolean {
    return this.#files.length === 0;
  }

  /** What waits in it, and how much more it would take. */
  async usage(): Promise<{ bytes: number; roomBytes: number }> {
    const { directory, freeMinBytes } = this.options;
    let bytes = 0;
    for (const name of this.#files) bytes += (await statIfThere(join(directory, name)))?.size ?? 0;
    const { bavail, bsize } = await statfs(directory);
    return { bytes, roomBytes: Math.max(0, bavail * bsize - freeMinBytes) };
  }

  /**
   * Appends captures. MUST return only after they are synced: the provider gets its 200 next.
   *
   * @throws {SpoolFullError} and then nothing of the group counts as taken.
   */
  async append(rows: readonly CaptureRow[]): Promise<void> {
    const bytes = Buffer.concat(rows.map(encodeFrame));
    await this.#requireSpace(bytes.length);
    try {
      const current = await this.#appendable();
      await writeAll(current.handle, bytes, current.length);
      failPoint('spool:before-sync');
      await current.handle.datasync();
      failPoint('spool:after-sync');
      current.length += bytes.length;
    } catch (cause) {
      await this.#abandonTail();
      throw new SpoolFullError(`The spool could not be written (${(cause as Error).message}).`, { cause });
    }
  }

  /** The oldest file; what is appended from now on goes to another. Undefined when the spool is empty. */
  async readOldest(): Promise<SpoolFile | undefined> {
    const [name] = this.#files;
    if (name === undefined) return undefined;
    if (this.#files.length === 1) await this.#closeCurrent();
    const bytes = await readFile(join(this.options.directory, name));
    const rows: CaptureRow[] = [];
    let frame = decodeFrame(bytes, 0);
    while (frame.kind === 'row') {
      rows.push(frame.row);
      frame = decodeFrame(bytes, frame.end);
    }
    return { name, rows, damaged: frame.kind === 'damaged' };
  }

  /** Call when every row of the file is committed. What could not be read or taken is set aside, not removed. */
  async finish(file: SpoolFile, { setAside }: { setAside: boolean }): Promise<void> {
    const path = join(this.options.directory, file.name);
    failPoint('spool:before-remove');
    if (setAside) await rename(path, `${path}.damaged`);
    else await unlink(path);
    this.#files = this.#files.filter((name) => name !== file.name);
  }

  async close(): Promise<void> {
    await this.#closeCurrent();
  }

  async #requireSpace(lengthBytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.options.directory);
    if (bavail * bsize - lengthBytes < this.options.freeMinBytes) {
      throw new SpoolFullError(`The spool's disk has less than ${this.options.freeMinBytes} bytes free.`);
    }
  }

  async #appendable(): Promise<{ handle: FileHandle; length: number }> {
    if (this.#current !== undefined && this.#current.length > fileMaxBytes) await this.#closeCurrent();
    if (this.#current === undefined) {
      this.#lastNumber += 1;
      const name = nameOf(this.#lastNumber);
      const handle = await open(join(this.options.directory, name), 'wx', 0o600);
      this.#files.push(name);
      this.#current = { handle, length: 0 };
      await syncDirectory(this.options.directory);
    }
    return this.#current;
  }

  /** After a failed write the end of the file is unknown: cut it off, and begin another file. */
  async #abandonTail(): Promise<void> {
    const failed = this.#current;
    this.#current = undefined;
    // A tail that cannot be cut off is read as torn, or as captures that were not acknowledged: both are harmless.
    await failed?.handle.truncate(failed.length).catch(() => undefined);
    await failed?.handle.close().catch(() => undefined);
  }

  async #closeCurrent(): Promise<void> {
    const current = this.#current;
    this.#current = undefined;
    await current?.handle.close();
  }
}

/** A file may be drained and removed while we look. */
async function statIfThere(path: string): Promise<{ size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function nameOf(number: number): string {
  return `${String(number).padStart(12, '0')}.spool`;
}

function numberOf(name: string): number {
  return Number(name.slice(0, 12));
}

/** A disk that fills up takes a part of a write and says so only by the count. */
async function writeAll(handle: FileHandle, bytes: Buffer, start: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, start + written);
    written += bytesWritten;
  }
}

async function tryWrite(directory: string): Promise<void> {
  const path = join(directory, '.write-test');
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.write('ok');
    await handle.datasync();
  } finally {
    await handle.close();
  }
  await unlink(path);
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
