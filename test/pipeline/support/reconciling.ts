import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import { onTestFinished } from 'vitest';
import { newId } from '../../../src/core/ids.js';
import { listReconciliations, type ReconciliationRow } from '../../../src/db/reconciliations.js';
import { accounts, reconciliations } from '../../../src/db/schema/index.js';
import { openReconciliation } from '../../../src/domain/reconciliations.js';
import type { AccountDirectory } from '../../../src/pipeline/account-directory.js';
import { Ingest } from '../../../src/pipeline/ingest.js';
import { Reconciler, type ReconcilerOptions } from '../../../src/pipeline/reconciler.js';
import { Spool } from '../../../src/pipeline/spool.js';
import type { Connector, Listed, TimeWindow } from '../../../src/sdk/index.js';
import { until } from '../../support/until.js';
import { type Said, scriptedConnector } from './connector.js';
import type { World } from './world.js';

export type Lists = (
  window: TimeWindow,
  signal: AbortSignal,
  settings: Readonly<Record<string, unknown>>,
) => AsyncIterable<Said> | Iterable<Said>;

/** A scripted connector that lists what it is told to. */
export function listingConnector(lists: Lists, listedDays?: number): Connector {
  const scripted = scriptedConnector();
  return {
    ...scripted,
    capabilities: {
      ...scripted.capabilities,
      gaps: 'recoverable',
      ...(listedDays !== undefined && { listedDays }),
    },
    async *reconcile(window, { signal, settings }): AsyncGenerator<Listed> {
      for await (const said of lists(window, signal, settings)) {
        const body = Buffer.from(JSON.stringify(said));
        yield { endpoint: 'listed', method: 'GET', url: 'https://provider.example.com/', headers: {}, body };
      }
    },
  };
}

export const hour = 60 * 60 * 1_000;

/** Puts a window that ends now on the list. */
export async function ask(world: World, hours = 1, { withGap = true } = {}): Promise<ReconciliationRow> {
  await backdate(world);
  const until = new Date();
  const since = new Date(until.getTime() - hours * hour);
  const { database, tenant, account } = world;
  const row = await database.orm.transaction((tx) =>
    openReconciliation(tx, tenant, account, {
      since,
      until,
      cause: 'operator',
      ...(withGap && { gap: { since, until } }),
    }),
  );
  if (row === undefined) throw new Error('The window is not on the list.');
  return row;
}

/** The account was there long before. */
export async function backdate({ database, account }: World): Promise<void> {
  const createdAt = new Date(Date.now() - 10_000 * hour);
  await database.orm.update(accounts).set({ createdAt }).where(eq(accounts.id, account.id));
}

export function reports({ database, tenant }: World): Promise<ReconciliationRow[]> {
  return listReconciliations(database.orm, { instanceId: tenant.id, before: null, limit: 100 });
}

/** What failed is due at once. */
export async function makeDue({ database, account }: World): Promise<void> {
  await database.orm
    .update(reconciliations)
    .set({ dueAt: new Date() })
    .where(eq(reconciliations.accountId, account.id));
}

export interface Running {
  readonly reconciler: Reconciler;
  stop(): Promise<void>;
}

/** The database is shared with the worlds of other tests, whose connectors say other things. */
export function ownDirectory({ directory, tenant }: World): Pick<AccountDirectory, 'entries' | 'get'> {
  return {
    entries: () => directory.entries().filter((entry) => entry.tenant.id === tenant.id),
    get: (accountId) => directory.get(accountId),
  };
}

/** A reconciler with a door of its own, until the test ends. */
export async function reconcile(
  world: World,
  node = newId(),
  given: Partial<ReconcilerOptions> = {},
): Promise<Running> {
  const directory = await mkdtemp(join(tmpdir(), 'archway-reconcile-'));
  const spool = await Spool.open({ directory, freeMinBytes: 0 });
  const ingest = new Ingest({ ...world, spool, log: world.log });
  const reconciler = new Reconciler({
    ...world,
    directory: ownDirectory(world),
    log: world.log,
    ingest,
    node,
    nightlyHour: null,
    ...given,
  });
  reconciler.start();
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= reconciler.stop().then(() => ingest.stop());
    return stopped;
  };
  onTestFinished(async () => {
    await stop();
    await rm(directory, { recursive: true });
  });
  return { reconciler, stop };
}

/** Runs reconciler and normaliser until every window has ended. */
export async function reconcileAll(world: World): Promise<ReconciliationRow[]> {
  const running = await reconcile(world);
  const normaliser = world.normaliser();
  normaliser.start();
  await until(async () => (await reports(world)).every(({ state }) => state !== 'pending'));
  await running.stop();
  await until(async () => (await world.captureStates()).every(({ state }) => state !== 'pending'));
  await normaliser.stop();
  return reports(world);
}
