import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Duplex } from 'node:stream';
import { lockFile } from '../../core/directory-lock.js';
import { createClusterIfMissing } from './create.js';
import { DatabaseWorker } from './database-worker.js';

export interface EmbeddedDatabase {
  /**
   * A new connection's byte stream, for the `socket` option of the `postgres` driver. After the database has
   * ended it fails like a connection to a server that is not there (`ECONNREFUSED`).
   */
  connect(): Duplex;
  /** Finishes what is queued, closes PGlite, ends the worker, releases the lock. */
  close(): Promise<void>;
  /** How often a file was forced to disk since the database was opened: at least once for each commit. */
  readonly syncCount: number;
  /** Resolves when the database has ended: with the reason when it died, with nothing after `close()`. */
  readonly ended: Promise<Error | undefined>;
}

export interface EmbeddedDatabaseOptions {
  /**
   * How long a transaction may sit idle while other statements wait before it is rolled back; there is one
   * session for all connections. Default 30 s.
   */
  readonly idleInTransactionMs?: number;
}

/**
 * Opens the database in the directory, and makes it first (some seconds) when it is missing. It runs in a worker
 * thread and syncs each commit to disk. While it is open, `<directory>.lock` is locked.
 *
 * @throws LockedError when another process, or this one, has it open
 */
export async function openEmbeddedDatabase(
  directory: string,
  options: EmbeddedDatabaseOptions = {},
): Promise<EmbeddedDatabase> {
  const path = resolve(directory);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const lock = lockFile(`${path}.lock`);
  const settings = { idleInTransactionMs: options.idleInTransactionMs ?? 30_000 };
  try {
    // What a dead process had put aside: the engine removes it only as a server.
    rmSync(join(path, 'base/pgsql_tmp'), { recursive: true, force: true });
    await createClusterIfMissing(path, (target) => DatabaseWorker.create(target, settings));
    const worker = await DatabaseWorker.serve(path, settings);
    return {
      connect: () => worker.connect(),
      ended: worker.ended,
      get syncCount() {
        return worker.syncCount;
      },
      async close() {
        await worker.close();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}
