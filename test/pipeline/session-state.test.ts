import { expect, it, onTestFinished } from 'vitest';
import { deleteState, writeState } from '../../src/db/sessions.js';
import { recallState, sealState } from '../../src/domain/sessions.js';
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
