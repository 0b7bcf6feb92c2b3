import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { readCall } from '../../src/db/calls.js';
import { readOutbound } from '../../src/db/outbound.js';
import { readCallDetails } from '../../src/domain/call-view.js';
import { eventKey } from '../../src/domain/event-keys.js';
import { requestCall } from '../../src/domain/outbound-calls.js';
import { originOf } from '../../src/pipeline/origin.js';
import { Sender } from '../../src/pipeline/sender.js';
import { type Connector, Failure, type OutboundCall, outboundKey } from '../../src/sdk/index.js';
import { address, requestedStory } from '../support/call-story.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { scriptedConnector } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const office = address('+12025550188');
type Call = NonNullable<Connector['call']>;

const accepted: Call = async ({ id }) => ({ providerId: `CA${id}`, aliases: [`call/${id}`] });

async function open(call: Call = accepted, idempotent = false): Promise<World> {
  const base = scriptedConnector();
  const connector: Connector = {
    ...base,
    capabilities: { ...base.capabilities, calls: { idempotent, callsPerSecond: 100 } },
    routeCall: ({ to, ring = '+12025550145' }) =>
      /^\+\d+$/.test(to)
        ? {
            ok: true,
            route: {
              from: address(office.value) as never,
              to: address(to) as never,
              ring: address(ring) as never,
              conversation: `${office.value} ${to}`,
              channel: 'voice',
            },
          }
        : { ok: false, reason: 'Give the number as +12025550123.' },
    call,
  };
  return World.open(test.database, { connector });
}

const wish = { to: '+12025550123', idempotencyKey: 'one', actor: newId() };
const ask = (world: World, given: Partial<typeof wish> & { ring?: string } = {}) =>
  requestCall(world.database, world.tenant, world.account, { ...wish, ...given });

/** Runs a sender until what was asked for is concluded. */
async function conclude(world: World, id: string): Promise<void> {
  const sender = new Sender({ ...world, publicUrl: 'https://gateway.example.com' });
  const normaliser = world.normaliser();
  normaliser.start();
  await sender.start();
  await until(async () => {
    const row = await readOutbound(world.database.orm, world.tenant.id, id);
    return row !== undefined && row.state !== 'requested' && row.state !== 'sending';
  });
  await sender.stop();
  await normaliser.stop();
  await world.normalise();
}

async function callOf(world: World, id: string) {
  const { orm } = world.database;
  const key = eventKey(world.tenant.vault, originOf(world.account, 'internal'), outboundKey(id));
  const row = await readCall(orm, world.tenant.id, key);
  const [detail] = row === undefined ? [] : await readCallDetails(orm, world.tenant, [row]);
  return detail;
}

const stateOf = async (world: World, id: string) =>
  (await readOutbound(world.database.orm, world.tenant.id, id))?.state;

describe('a call that the gateway is asked for', () => {
  it('is on record before the provider is asked, and is followed to its end', async () => {
    const seen: { call: OutboundCall; before: string[] }[] = [];
    const world: World = await open(async (call, context) => {
      const before = (await world.envelopes()).map(({ content }) => content.kind);
      seen.push({ call, before });
      return accepted(call, context);
    });
    const { id } = await ask(world);
    await conclude(world, id);
    expect(seen).toMatchObject([
      {
        before: ['call'],
        call: { id, from: office, to: { value: '+12025550123' }, ring: { value: '+12025550145' } },
      },
    ]);
    expect(seen[0]?.call.callbackUrl('status')).toBe(
      `https://gateway.example.com/webhooks/${world.account.id}/status`,
    );
    expect(await callOf(world, id)).toMatchObject({ outcome: 'accepted', direction: 'outbound' });
    const { told } = requestedStory(id);
    await world.receive(JSON.stringify({ kind: 'events', events: told }));
    await world.normalise();
    expect(await callOf(world, id)).toMatchObject({
      ...{ outcome: 'answered', from: office.value, to: '+12025550123', forwardedTo: ['+12025550145'] },
      ...{ talkSeconds: 60, legs: { length: 2 }, history: { length: 9 } },
    });
  });

  it('rings where the caller says', async () => {
    const rung: string[] = [];
    const world = await open(async (call, context) => {
      rung.push(call.ring.value);
      return accepted(call, context);
    });
    await conclude(world, (await ask(world, { ring: '+12025550146' })).id);
    expect(rung).toEqual(['+12025550146']);
  });

  it('is one call however often it is asked for under one key, and another one is refused', async () => {
    const world = await open();
    const { id } = await ask(world);
    expect((await ask(world)).id).toBe(id);
    await expect(ask(world, { to: '+12025550124' })).rejects.toThrow(/belongs to another request/);
    await expect(ask(world, { ring: '+12025550146' })).rejects.toThrow(/belongs to another request/);
    expect((await ask(world, { idempotencyKey: 'two' })).id).not.toBe(id);
  });

  it('is refused where it cannot be, and nothing is put on record', async () => {
    const world = await open();
    await expect(ask(world, { to: 'Carol' })).rejects.toThrow('Give the number as');
    const deaf = await World.open(test.database);
    await expect(ask(deaf)).rejects.toThrow('cannot make calls');
    expect(await world.captureStates()).toEqual([]);
  });

  it('is rejected, or without an answer, as the provider has it; and is then not asked for again', async () => {
    const kinds = ['rejected', 'indeterminate'] as const;
    for (const kind of kinds) {
      let asked = 0;
      const world = await open(async () => {
        asked += 1;
        throw new Failure(kind, 'No.', { code: '21215' });
      });
      const { id } = await ask(world);
      await conclude(world, id);
      expect(await callOf(world, id)).toMatchObject({ outcome: kind });
      expect(await stateOf(world, id)).toBe(kind);
      expect(asked).toBe(1);
    }
  });

  it('of which nobody saw the end is indeterminate, unless asking twice does no harm', async () => {
    for (const idempotent of [false, true]) {
      let asked = 0;
      const world = await open(async (call, context) => {
        asked += 1;
        return accepted(call, context);
      }, idempotent);
      const { id } = await ask(world);
      await world.normalise();
      await test.database.sql`update outbound_messages set state = 'sending', attempts = 1 where id = ${id}`;
      await conclude(world, id);
      expect(await stateOf(world, id)).toBe(idempotent ? 'accepted' : 'indeterminate');
      expect(asked).toBe(idempotent ? 1 : 0);
    }
  });

  it('waits while the provider is away', async () => {
    let asked = 0;
    const world = await open(async (call, context) => {
      asked += 1;
      if (asked === 1) throw new Failure('unavailable', 'Away.');
      return accepted(call, context);
    });
    const { id } = await ask(world);
    await conclude(world, id);
    expect(await stateOf(world, id)).toBe('accepted');
    expect(asked).toBe(2);
  });

  it('without an answer has arrived when the provider reports on it', async () => {
    const world = await open(async () => {
      throw new Failure('indeterminate', 'No answer.');
    });
    const { id } = await ask(world);
    await conclude(world, id);
    const { told } = requestedStory(id);
    const aliases = [{ alias: `call/${id}`, key: outboundKey(id) }];
    await world.receive(JSON.stringify({ kind: 'events', events: told, aliases }));
    await world.normalise();
    expect(await stateOf(world, id)).toBe('accepted');
    expect(await callOf(world, id)).toMatchObject({ outcome: 'answered', to: '+12025550123' });
  });
});
