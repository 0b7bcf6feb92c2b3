import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { replayQuarantined } from '../../src/db/inbox.js';
import type { CommunicationEvent, Parsed } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { message, readSaid, says, scriptedConnector } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const open = (options = {}) => World.open(test.database, options);
const contents = async (world: World) => (await world.envelopes()).map(({ content }) => content);
const kinds = async (world: World) => (await contents(world)).map(({ kind }) => kind);
const reasons = async (world: World) => (await world.captureStates()).map(({ reason }) => reason);

/** A parser that was changed: it reads the same captures, with other texts. */
const shouting = (version: string) =>
  scriptedConnector({
    version,
    parse(capture): Parsed {
      const said = readSaid(capture);
      if (said.kind !== 'events') return said;
      const loud = (event: CommunicationEvent): CommunicationEvent =>
        event.kind === 'message' ? { ...event, text: event.text?.toUpperCase() } : event;
      return { kind: 'events', events: said.events.map(loud) };
    },
  });

describe('a redelivery', () => {
  it('gives no second record, in one batch or a later one', async () => {
    const world = await open();
    await world.receive(says(message('m1')), says(message('m1')));
    await world.normalise();
    await world.receive(says(message('m1')));
    await world.normalise();
    expect(await kinds(world)).toEqual(['message']);
    expect((await world.captureStates()).map(({ state }) => state)).toEqual(['done', 'done', 'done']);
  });

  it('gives no second record when the provider regroups its batches', async () => {
    const world = await open();
    const [one, two, three] = ['m1', 'm2', 'm3'].map((key) => message(key));
    await world.receive(says(one!, two!));
    await world.normalise();
    await world.receive(says(two!, three!), says(three!, one!));
    await world.normalise();
    expect((await contents(world)).map((content) => content.kind === 'message' && content.key)).toEqual([
      'm1',
      'm2',
      'm3',
    ]);
  });

  it('to another account is another record', async () => {
    const world = await open();
    const other = await open();
    await world.receive(says(message('m1')));
    await other.receive(says(message('m1')));
    await world.normalise();
    await other.normalise();
    expect(await kinds(world)).toEqual(['message']);
    expect(await kinds(other)).toEqual(['message']);
  });
});

describe('the same key with other content', () => {
  it.each([['in one batch'], ['later']])('is kept beside the original, %s', async (when) => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })));
    if (when === 'later') await world.normalise();
    await world.receive(says(message('m1', { text: 'sell' })));
    await world.normalise();

    const [original, conflict, ...others] = await world.envelopes();
    expect(others).toEqual([]);
    expect(original?.content).toMatchObject({ kind: 'message', text: 'buy' });
    expect(conflict?.content).toMatchObject({ kind: 'conflict', event: { kind: 'message', text: 'sell' } });
    expect(conflict?.skeleton.about).toBe(original?.skeleton.key);
    expect(await reasons(world)).toEqual([null, 'conflict']);
  });

  it('is kept once, however often it comes', async () => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })));
    const again = says(message('m1', { text: 'sell' }));
    await world.receive(again, again);
    await world.normalise();
    await world.receive(again);
    await world.normalise();
    expect(await kinds(world)).toEqual(['message', 'conflict']);
  });

  it('is settled by a replay with a mended parser, without closing a gap that never was', async () => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })), says(message('m1', { text: 'Buy' })));
    await world.normalise();
    expect(await reasons(world)).toEqual([null, 'conflict']);

    const upgraded = await world.upgraded(shouting('2'));
    await replayQuarantined(test.database.orm, { instanceId: world.tenant.id });
    await upgraded.normalise();
    expect((await upgraded.captureStates()).map(({ state }) => state)).toEqual(['done', 'done']);
    expect(await kinds(upgraded)).toEqual(['message', 'conflict']);
  });
});

describe('a redelivery that a newer parser reads otherwise', () => {
  it('is no conflict, since the older capture is read again with it', async () => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })));
    await world.normalise();
    const upgraded = await world.upgraded(shouting('2'));
    await upgraded.receive(says(message('m1', { text: 'buy' })));
    await upgraded.normalise();
    expect(await kinds(upgraded)).toEqual(['message']);
    expect(await reasons(upgraded)).toEqual([null, null]);
  });

  it('is a conflict when it truly differs', async () => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })));
    await world.normalise();
    const upgraded = await world.upgraded(shouting('2'));
    await upgraded.receive(says(message('m1', { text: 'sell' })));
    await upgraded.normalise();
    expect(await kinds(upgraded)).toEqual(['message', 'conflict']);
  });

  it('is kept when the older capture gives no such event any more', async () => {
    const world = await open();
    await world.receive(says(message('m1', { text: 'buy' })));
    await world.normalise();
    const connector = scriptedConnector({
      version: '2',
      parse: (capture) =>
        Buffer.from(capture.body).includes('buy')
          ? { kind: 'ignored', reason: 'too old' }
          : readSaid(capture),
    });
    const upgraded = await world.upgraded(connector);
    await upgraded.receive(says(message('m1', { text: 'sell' })));
    await upgraded.normalise();
    expect(await kinds(upgraded)).toEqual(['message', 'conflict']);
  });
});

describe('a late redelivery of something erased', () => {
  it('meets its tombstone and is not restored', async () => {
    const world = await open();
    await world.receive(says(message('m1')));
    await world.normalise();
    await test.database.sql`update records set sealed_content = null where instance_id = ${world.tenant.id}`;
    await world.receive(says(message('m1')));
    await world.normalise();
    const rows = await test.database.sql`
      select sealed_content from records where instance_id = ${world.tenant.id}`;
    expect([...rows]).toEqual([{ sealed_content: null }]);
    expect((await world.captureStates()).map(({ state }) => state)).toEqual(['done', 'done']);
  });
});
