import { join } from 'node:path';
import type { Config } from '../../config/index.js';
import { type FileLock, LockedError, lockFile } from '../../core/directory-lock.js';
import { type Database, openDatabase } from '../../db/client.js';
import { rootMessage } from '../errors.js';
import { type Check, fail, ok, warn } from './check.js';
import { isOwner } from './data-directory.js';
import { statOptional } from './files.js';

const name = 'database';

/** The database, if it could be opened, and why not otherwise. */
export type OpenedDatabase =
  | { readonly database: Database; close(): Promise<void> }
  | { readonly database: undefined; readonly check: Check };

/** The embedded database has one owner: while a server runs, only that server can tell about it. */
export async function openForChecks(config: Config, serverRunning: boolean): Promise<OpenedDatabase> {
  const { database } = config;
  if (database.kind === 'postgres') return open(() => openDatabase({ ...database, connectionsMax: 1 }));
  return openEmbedded(config, database, serverRunning);
}

async function openEmbedded(
  { dataDirectory }: Config,
  location: Extract<Config['database'], { kind: 'embedded' }>,
  serverRunning: boolean,
): Promise<OpenedDatabase> {
  if (serverRunning) return closed(ok(name, 'embedded, in use by the running server'));
  const stats = await statOptional(location.directory).catch(() => null);
  if (stats === undefined) return closed(ok(name, 'embedded; does not exist yet, archway serve makes it'));
  if (stats === null || !isOwner(stats)) {
    return closed(
      warn(
        name,
        `embedded, in ${location.directory}, not opened as this user`,
        'run as the user who runs the server',
      ),
    );
  }
  try {
    const lock = lockFile(join(dataDirectory, 'lock'));
    return await open(() => openDatabase(location), lock);
  } catch (error) {
    if (!(error instanceof LockedError)) throw error;
    return closed(
      fail(
        name,
        `embedded, held by ${holder(error)}, which answers no request`,
        'see its log; stop it, then start it again',
      ),
    );
  }
}

function holder({ holderProcessId }: LockedError): string {
  return holderProcessId === undefined ? 'a process' : `process ${holderProcessId}`;
}

async function open(start: () => Promise<Database>, lock?: FileLock): Promise<OpenedDatabase> {
  let database: Database | undefined;
  try {
    database = await start();
    await database.sql`select 1`;
    const opened = database;
    const close = () => opened.close().finally(() => lock?.release());
    return { database: opened, close };
  } catch (error) {
    await database?.close();
    lock?.release();
    return closed(
      fail(
        name,
        `cannot be opened: ${rootMessage(error)}`,
        'check that it runs, that it can be reached from here, and DATABASE_URL',
      ),
    );
  }
}

function closed(check: Check): OpenedDatabase {
  return { database: undefined, check };
}
