import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import { type Database, openDatabase } from '../db/client.js';
import { migrateDatabase } from '../db/migrate.js';
import { Tenants } from '../domain/tenants.js';
import { createAdmin } from '../http/admin/index.js';
import { createIngress } from '../http/ingress.js';
import { AccountDirectory } from '../pipeline/account-directory.js';
import { DoorWatch } from '../pipeline/door-watch.js';
import { Ingest } from '../pipeline/ingest.js';
import { Spool, SpoolFullError } from '../pipeline/spool.js';
import { Supervisor } from '../pipeline/supervisor.js';
import { loadBuiltIns } from '../plugins/load.js';
import type { Log } from '../telemetry/log.js';
import { createMetrics } from '../telemetry/metrics.js';
import { type DataDirectory, openDataDirectory, writeDurably } from './data-directory.js';
import { type FirstStart, prepareFirstStart } from './first-start.js';
import { Listener } from './listener.js';
import { loadMasterKey } from './master-key.js';

export interface Gateway {
  readonly publicListener: Listener;
  readonly adminListener: Listener;
  /** Under which providers reach the public listener, as far as we were told. */
  readonly publicUrl: string;
  readonly firstStart: FirstStart;
  /** Resolves with the reason when the gateway cannot go on and must be started again. */
  readonly failed: Promise<Error>;
  /** Stops accepting, finishes or releases what is in hand, and closes everything. */
  stop(): Promise<void>;
}

const bodyMaxBytes = 1024 * 1024;
const requestTimeoutMs = 15_000;
const listenerGraceMs = 5_000;

/** Everything that `stop` must undo, newest last. */
type Cleanup = (() => Promise<void> | void)[];

/**
 * Starts a gateway: data directory, keys, database, pipeline, and the two listeners last, when all that stands behind them
 * works. When a step fails, those before it are undone and the error says what to do.
 */
export async function startGateway(config: Config, log: Log): Promise<Gateway> {
  const cleanup: Cleanup = [];
  try {
    return await start(config, log, cleanup);
  } catch (error) {
    await undo(cleanup, log);
    throw error;
  }
}

async function start(config: Config, log: Log, cleanup: Cleanup): Promise<Gateway> {
  const data = await openDataDirectory(config.dataDirectory);
  cleanup.push(() => data.release());
  const database = await openMigrated(config, log, cleanup);
  const masterKey = await loadMasterKey(config.masterKey, database);
  const registry = await loadBuiltIns();
  const tenants = new Tenants(database, masterKey);
  const firstStart = await prepareFirstStart(database, tenants, registry, data.path);

  const metrics = createMetrics();
  const spool = await Spool.open(config.spool);
  const directory = new AccountDirectory(database, tenants, registry);
  const ingest = new Ingest({ database, spool, log, metrics });
  const supervisor = new Supervisor({
    database,
    tenants,
    registry,
    directory,
    ingest,
    node: data.nodeId,
    nightlyHour: config.reconcileHour,
    log,
    metrics,
  });
  cleanup.push(() => supervisor.stop());
  await supervisor.start();

  const onNoted = () => supervisor.wakeReconciler();
  const door = new DoorWatch({ database, tenants, directory, log, onNoted });
  cleanup.push(() => door.close());
  const onRefused = (error: unknown) =>
    door.refused(error instanceof SpoolFullError ? 'spool-full' : 'outage');

  // The public URL may depend on the port that was bound, and the routes on the public URL.
  const publicListener = await Listener.open(
    (port) => {
      const publicUrl = config.publicUrl ?? `http://localhost:${port}`;
      return createIngress({ directory, ingest, publicUrl, bodyMaxBytes, onRefused, log, metrics });
    },
    { ...config.publicListener, requestTimeoutMs },
  );
  cleanup.push(() => publicListener.close(listenerGraceMs));
  await door.open();
  const publicUrl = config.publicUrl ?? `http://localhost:${publicListener.port}`;
  const admin = createAdmin({
    database,
    tenants,
    registry,
    directory,
    refresh: () => supervisor.refresh(),
    spoolWaiting: () => !spool.isEmpty,
    publicUrl,
    metrics,
    log,
  });
  const adminListener = await Listener.open(() => admin, { ...config.adminListener, requestTimeoutMs });
  cleanup.push(() => adminListener.close(listenerGraceMs));
  await announce(data, { adminUrl: adminListener.url, publicUrl }, cleanup);
  return {
    publicListener,
    adminListener,
    publicUrl,
    firstStart,
    failed: database.died,
    stop: () => undo(cleanup, log),
  };
}

async function openMigrated(config: Config, log: Log, cleanup: Cleanup): Promise<Database> {
  const database = await openDatabase(config.database);
  cleanup.push(() => database.close());
  const { applied } = await migrateDatabase(database);
  if (applied > 0) log.info({ applied }, 'Migrated the database.');
  return database;
}

/** Tells the command line where to find us. */
async function announce(
  data: DataDirectory,
  urls: { adminUrl: string; publicUrl: string },
  cleanup: Cleanup,
): Promise<void> {
  const file = join(data.path, 'gateway.json');
  await writeDurably(file, `${JSON.stringify({ ...urls, pid: process.pid })}\n`);
  cleanup.push(() => rm(file, { force: true }));
}

async function undo(cleanup: Cleanup, log: Log): Promise<void> {
  for (const step of cleanup.splice(0).reverse()) {
    try {
      await step();
    } catch (error) {
      log.error({ error }, 'A step of the shutdown failed; the others go on.');
    }
  }
}
