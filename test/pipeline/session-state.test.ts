import { randomUUID } from 'node:crypto';
import { expect, it, onTestFinished } from 'vitest';
import { deleteState, readSessions, writeState } from '../../src/db/sessions.js';
import { recallState, sealState } from '../../src/domain/sessions.js';
import { LiveSessions } from '../../src/pipeline/live-sessions.js';
import { SessionOrders } from '../../src/pipeline/session-orders.js';
import { SessionRunner } from '../../src/pipeline/session-runner.js';
import type { Session } from '../../src/sdk/index.js';
import { openTestDatabase } from '../support/database.js';
import { World } from './support/world.js';

it('what a session keeps is forgotten by group, and by age', async () => {
  const test = await openTestDatabase();
  onTestFinished(() => test.close());
  const { tenant, account } = await World.open(test.database);
  const { orm } = test.database;
  const names = ['secret/old', 'secret/new', 'key/old'];
  const write = (name: string) => writeState(orm, sealState(tenant.vault, account.id, { [name]: 'kept' }));
  const kept = async () => [...(await recallState(orm, tenant.vault, account.id, names)).keys()].toSorted();
  for (const name of names) await write(name);
  await test.database.sql`update connector_state set updated_at = updated_at - interval '10 days'`;
  await write('secret/new');
  const aWeekAgo = new Date(Date.now() - 7 * 24 * 60 * 60 * 1_000);
  await deleteState(orm, account.id, ['secret/'], aWeekAgo);
  expect(await kept()).toEqual(['key/old', 'secret/new']);
  await deleteState(orm, account.id, ['secret/']);
  expect(await kept()).toEqual(['key/old']);
});

it('what a session keeps shows neither its values nor the numbers in its names, and is not found under another key', async () => {
  const test = await openTestDatabase();
  onTestFinished(() => test.close());
  const { tenant, account } = await World.open(test.database);
  const { orm, sql } = test.database;
  const [name, value] = ['session/12025550123', 'a-private-key-of-the-device'];
  await writeState(orm, sealState(tenant.vault, account.id, { [name]: value }));
  const rows = await sql<{ row: string }[]>`select connector_state::text as row from connector_state`;
  const stored = rows.map(({ row }) => row).join();
  for (const text of ['12025550123', value]) {
    for (const encoding of ['utf8', 'hex', 'base64'] as const) {
      expect(stored).not.toContain(Buffer.from(text).toString(encoding));
    }
  }
  expect((await recallState(orm, tenant.vault, account.id, [name])).get(name)).toBe(value);
  const { vault } = await World.open(test.database).then((other) => other.tenant);
  await expect(recallState(orm, vault, account.id, [name])).resolves.toEqual(new Map());
});

it('whoever sees that a code is gone sees what the session has reported before', async () => {
  const test = await openTestDatabase();
  onTestFinished(() => test.close());
  const { database } = test;
  const { tenant, account, log } = await World.open(database);
  const seen = new Promise<string | undefined>((resolve) => {
    const run = async (session: Session<unknown>) => {
      // As many as a person may have to wait for.
      for (let count = 0; count < 20; count += 1) session.report({ state: 'degraded' });
      session.report({ state: 'connecting' });
      await session.showLink(undefined);
      resolve((await readSessions(database.orm, [account.id]))[0]?.state);
    };
    const runner = new SessionRunner({
      ...{ database, tenant, log, node: randomUUID(), publicUrl: '', allowTestEndpoints: false },
      ...{ live: new LiveSessions(), orders: new SessionOrders(), ingest: { ahead: (_, work) => work() } },
      account: { ...account, connector: { ...account.connector, run } },
    });
    onTestFinished(() => runner.stop());
    runner.start();
  });
  expect(await seen).toBe('connecting');
});
