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
  if (database.kind === 'postgres')
    return open(() => openDatabase({ ...database, connectionsMax: 1 }), reachRemedy);
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
    const detail = `embedded, in ${location.directory}, not opened as this user`;
    return closed(warn(name, detail, 'run as the user who runs the server'));
  }
  let lock: FileLock;
  try {
    lock = lockFile(join(dataDirectory, 'lock'));
  } catch (error) {
    return closed(error instanceof LockedError ? held(error) : unopened(error, ownerRemedy));
  }
  const opened = await open(() => openDatabase(location), ownerRemedy);
  if (opened.database === undefined) {
    lock.release();
    return opened;
  }
  return { database: opened.database, close: () => opened.close().finally(() => lock.release()) };
}

async function open(start: () => Promise<Database>, remedy: string): Promise<OpenedDatabase> {
  let database: Database | undefined;
  try {
    database = await start();
    await database.sql`select 1`;
    const opened = database;
    return { database: opened, close: () => opened.close() };
  } catch (error) {
    await database?.close();
    return closed(unopened(error, remedy));
  }
}

const reachRemedy = 'check that it runs, that it can be reached from here, and DATABASE_URL';
const ownerRemedy = 'run as the user who runs the server; if that is so, see the log of the server';

function held({ holderProcessId }: LockedError): Check {
  const holder = holderProcessId === undefined ? 'a process' : `process ${holderProcessId}`;
  const detail = `embedded, held by ${holder}, which answers no request`;
  return fail(name, detail, 'see its log; stop it, then start it again');
}

function unopened(error: unknown, remedy: string): Check {
  return fail(name, `cannot be opened: ${rootMessage(error)}`, remedy);
}

function closed(check: Check): OpenedDatabase {
  return { database: undefined, check };
}
