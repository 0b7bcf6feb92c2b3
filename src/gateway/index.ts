import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.js';
import { type Database, openDatabase } from '../db/client.js';
import { migrateDatabase } from '../db/migrate.js';
import { Blobs } from '../domain/blobs.js';
import { Tenants } from '../domain/tenants.js';
import { createAdmin } from '../http/admin/index.js';
import { createIngress, type IngressOptions } from '../http/ingress.js';
import { AccountDirectory } from '../pipeline/account-directory.js';
import { DoorWatch } from '../pipeline/door-watch.js';
import { Ingest } from '../pipeline/ingest.js';
import { LiveSessions } from '../pipeline/live-sessions.js';
import { Sender, type SenderOptions } from '../pipeline/sender.js';
import { Sessions, type SessionsOptions } from '../pipeline/sessions.js';
import { Spool, SpoolFullError } from '../pipeline/spool.js';
import { Supervisor } from '../pipeline/supervisor.js';
import { Watch, type WatchOptions } from '../pipeline/watch.js';
import { loadPlugins } from '../plugins/load.js';
import { builtIn, type Registry } from '../plugins/registry.js';
import type { Log } from '../telemetry/log.js';
import { createMetrics } from '../telemetry/metrics.js';
import { blobsDirectoryOf, type DataDirectory, openDataDirectory, writeDurably } from './data-directory.js';
import { type FirstStart, prepareFirstStart } from './first-start.js';
import { Listener } from './listener.js';
import { loadMasterKey } from './master-key.js';
import { backupWriter } from './standalone-backup.js';
import { requireNoUnfinishedRestore } from './unfinished-restore.js';

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
const testEndpointsWarning =
  'ARCHWAY_ALLOW_TEST_ENDPOINTS=1: this machine itself may play a provider. For tests only; remove it for real traffic.';

/** Everything that `stop` must undo, newest last. */
type Cleanup = (() => Promise<void> | void)[];

/**
 * Starts a gateway: data directory, keys, database, pipeline, and the two listeners last, when all that stands behind them
 * works. When a step fails, those before it are undone and the error says what to do.
 *
 * @param load the plugins: the built-in ones and those that the configuration names, unless a demonstration plays one itself.
 */
export async function startGateway(
  config: Config,
  log: Log,
  load = () => loadRegistry(config, log),
): Promise<Gateway> {
  const cleanup: Cleanup = [];
  try {
    // First, since a plugin that is missing must leave everything as it was.
    return await start(config, log, await load(), cleanup);
  } catch (error) {
    await undo(cleanup, log);
    throw error;
  }
}

async function start(config: Config, log: Log, registry: Registry, cleanup: Cleanup): Promise<Gateway> {
  if (config.allowTestEndpoints) log.warn(testEndpointsWarning);
  const data = await openDataDirectory(config.dataDirectory);
  cleanup.push(() => data.release());
  await requireNoUnfinishedRestore(data.path);
  const database = await openMigrated(config, log, cleanup);
  const masterKey = await loadMasterKey(config.masterKey, database);
  const tenants = new Tenants(database, masterKey);
  const blobs = new Blobs(blobsDirectoryOf(data.path));
  const firstStart = await prepareFirstStart(database, tenants, registry, data.path);

  const metrics = createMetrics();
  const spool = await Spool.open(config.spool);
  const directory = new AccountDirectory(database, tenants, registry, log);
  const ingest = new Ingest({ database, spool, log, metrics });
  const parts = { database, tenants, registry, directory, blobs, log, metrics };
  const { attachmentMaxBytes, allowTestEndpoints, reconcileHour: nightlyHour } = config;
  const node = data.nodeId;
  const limitsOfWork = { attachmentMaxBytes, allowTestEndpoints, nightlyHour };
  const live = new LiveSessions();
  const supervisor = new Supervisor({ ...parts, ...limitsOfWork, live, ingest, node });
  cleanup.push(() => supervisor.stop());
  await supervisor.start();
  const limits = config.alerts;
  startWatch({ database, tenants, directory, spool, node: data.nodeId, limits, log, metrics }, cleanup);

  const door = new DoorWatch({
    database,
    tenants,
    directory,
    log,
    onNoted: () => supervisor.wakeReconciler(),
  });
  cleanup.push(() => door.close());
  const onRefused = (error: unknown) =>
    door.refused(error instanceof SpoolFullError ? 'spool-full' : 'outage');
  const ingress = { ...parts, ingest, onRefused, log, metrics };
  const { publicListener, publicUrl } = await openPublicListener(config, ingress);
  cleanup.push(() => publicListener.close(listenerGraceMs));
  await door.open();
  const sessions = await startSessionsAndSender(
    { ...parts, ingest, live, node, publicUrl, allowTestEndpoints },
    cleanup,
  );
  const admin = createAdmin({
    ...parts,
    refresh: async () => {
      await supervisor.refresh();
      sessions.wake();
    },
    spoolWaiting: () => !spool.isEmpty,
    allowTestEndpoints,
    writeBackup: backupWriter(config, database, masterKey),
    publicUrl,
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

/** Loads the plugins; those from outside are named in the log. */
async function loadRegistry({ plugins }: Config, log: Log): Promise<Registry> {
  const registry = await loadPlugins(plugins);
  for (const plugin of [...registry.connectors, ...registry.sinks]) {
    const origin = registry.originOf(plugin);
    if (origin !== builtIn) log.info({ plugin: plugin.id, origin }, 'Loaded a plugin from outside.');
  }
  return registry;
}

/** The public URL may depend on the port that was bound, and the routes on the public URL. */
async function openPublicListener(
  config: Config,
  parts: Omit<IngressOptions, 'publicUrl' | 'bodyMaxBytes'>,
): Promise<{ publicListener: Listener; publicUrl: string }> {
  const urlOf = (port: number) => config.publicUrl ?? `http://localhost:${port}`;
  const publicListener = await Listener.open(
    (port) => createIngress({ ...parts, publicUrl: urlOf(port), bodyMaxBytes }),
    { ...config.publicListener, requestTimeoutMs },
  );
  return { publicListener, publicUrl: urlOf(publicListener.port) };
}

async function startSessionsAndSender(
  options: SessionsOptions & SenderOptions,
  cleanup: Cleanup,
): Promise<Sessions> {
  const sessions = new Sessions(options);
  cleanup.push(() => sessions.stop());
  await sessions.start();
  const sender = new Sender(options);
  cleanup.push(() => sender.stop());
  await sender.start();
  return sessions;
}

function startWatch(options: WatchOptions, cleanup: Cleanup): void {
  const watch = new Watch(options);
  cleanup.push(() => watch.stop());
  watch.start();
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
