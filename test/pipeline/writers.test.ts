import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { LeaseLostError, lockJournal } from '../../src/db/journal.js';
import { acquireLease, type Lease } from '../../src/db/leases.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

describe('the journal of an instance', () => {
  it('has neither holes nor doubles when nodes take turns at it', async () => {
    const world = await World.open(test.database);
    const count = 300;
    const writing = (async () => {
      for (let index = 0; index < count; index += 1) await world.receive(says(message(`m${index}`)));
    })();
    // Nodes come and go, and some end without giving up their lease.
    let done = false;
    const node = async () => {
      while (!done) {
        const normaliser = world.normaliser(newId());
        normaliser.start();
        await new Promise((resolve) => setTimeout(resolve, 40));
        await normaliser.stop();
      }
    };
    const robber = async () => {
      while (!done) {
        await test.database.sql`
          update leases set expires_at = now() - interval '1 second' where name = ${`journal/${world.tenant.id}`}`;
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
    const nodes = [node(), node(), robber()];
    await writing;
    await until(async () => (await world.captureStates()).every(({ state }) => state !== 'pending'));
    done = true;
    await Promise.all(nodes);

    const envelopes = await world.envelopes();
    expect(envelopes.map(({ skeleton }) => skeleton.sequence)).toEqual(
      envelopes.map((_, index) => index + 1),
    );
    const keys = envelopes.map(({ content }) => (content.kind === 'message' ? content.key : content.kind));
    expect(keys).toEqual(Array.from({ length: count }, (_, index) => `m${index}`));
  });

  it('refuses a writer that lost its lease in its sleep', async () => {
    const world = await World.open(test.database);
    const { orm, sql } = test.database;
    const request = { name: `journal/${world.tenant.id}`, instanceId: world.tenant.id, durationMs: 60_000 };
    const sleeper = (await acquireLease(orm, { ...request, holder: newId() })) as Lease;
    expect(await orm.transaction((tx) => lockJournal(tx, world.tenant.id, sleeper))).toBe(0);
    await sql`update leases set expires_at = now() - interval '1 second' where name = ${request.name}`;
    await acquireLease(orm, { ...request, holder: newId() });
    await expect(orm.transaction((tx) => lockJournal(tx, world.tenant.id, sleeper))).rejects.toThrow(
      LeaseLostError,
    );
  });

  it('goes on where it stopped when another node takes over', async () => {
    const world = await World.open(test.database);
    await world.receive(says(message('m1')));
    await world.normalise();
    await world.receive(says(message('m2')));
    const other = world.normaliser(newId());
    other.start();
    await until(async () => (await world.envelopes()).length === 2);
    await other.stop();
    expect((await world.envelopes()).map(({ skeleton }) => skeleton.sequence)).toEqual([1, 2]);
  });
});
