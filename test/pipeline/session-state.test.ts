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
