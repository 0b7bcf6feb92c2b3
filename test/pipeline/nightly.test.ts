import { afterAll, beforeAll, expect, it } from 'vitest';
import { Nightly } from '../../src/pipeline/nightly.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { message, says, scriptedConnector } from './support/connector.js';
import { backdate, listingConnector, ownDirectory, reconcileAll, reports } from './support/reconciling.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

async function prepare(connector = listingConnector(() => [says(message('m1'))])) {
  const world = await World.open(test.database, { connector });
  await backdate(world);
  return world;
}

/** A node on which it is that time. */
function nightly(world: World, hour: number | null, time: string): Nightly {
  const { database } = world;
  return new Nightly({ database, directory: ownDirectory(world), hour, now: () => new Date(time) });
}

const windows = async (world: World) =>
  (await reports(world)).map(({ cause, since, until }) => [cause, since.toISOString(), until.toISOString()]);

const twoDays = ['nightly', '2026-11-21T02:50:00.000Z', '2026-11-23T02:50:00.000Z'];

it('puts the last two days on the list at its hour, and leaves what is on its way to arrive', async () => {
  const world = await prepare();
  await nightly(world, 3, '2026-11-23T03:00:00.000Z').ensure();
  expect(await windows(world)).toEqual([twoDays]);
});

it('is due until the next night: a node that starts later makes up for it', async () => {
  const world = await prepare();
  await nightly(world, 3, '2026-11-24T02:59:59.999Z').ensure();
  expect(await windows(world)).toEqual([twoDays]);
});

it('happens once a night, also with several nodes and restarts', async () => {
  const world = await prepare();
  const times = ['2026-11-23T03:00:00.000Z', '2026-11-23T15:00:00.000Z', '2026-11-24T02:00:00.000Z'];
  const nodes = times.map((time) => nightly(world, 3, time));
  await Promise.all(nodes.map((node) => node.ensure()));
  for (const node of nodes) await node.ensure();
  expect(await windows(world)).toEqual([twoDays]);
});

it('overlaps with the night before, and after days without one begins where the last one ended', async () => {
  const world = await prepare();
  await nightly(world, 3, '2026-11-23T03:00:00.000Z').ensure();
  await nightly(world, 3, '2026-11-24T03:00:00.000Z').ensure();
  await nightly(world, 3, '2026-11-30T04:00:00.000Z').ensure();
  expect(await windows(world)).toEqual([
    ['nightly', '2026-11-23T02:50:00.000Z', '2026-11-30T02:50:00.000Z'],
    ['nightly', '2026-11-22T02:50:00.000Z', '2026-11-24T02:50:00.000Z'],
    twoDays,
  ]);
});

it('looks at nothing when it is turned off, nor where a connector cannot list', async () => {
  const [world, other] = [await prepare(), await prepare(scriptedConnector())];
  await nightly(world, null, '2026-11-23T03:00:00.000Z').ensure();
  await nightly(other, 3, '2026-11-23T03:00:00.000Z').ensure();
  expect([await reports(world), await reports(other)]).toEqual([[], []]);
});

it('captures what no outage explains, and says nothing of a gap', async () => {
  const listed = [says(message('m1'))];
  const world = await prepare(listingConnector(() => listed.splice(0)));
  await nightly(world, 0, new Date().toISOString()).ensure();
  expect(await reconcileAll(world)).toMatchObject([{ cause: 'nightly', state: 'done', missing: 1 }]);
  expect((await world.envelopes()).map(({ skeleton }) => skeleton.kind)).toEqual(['message']);
});
