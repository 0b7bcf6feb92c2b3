import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFigures } from '../../src/db/sink-counts.js';
import { countInstance } from '../../src/db/status.js';
import { captureOwn } from '../../src/domain/own-captures.js';
import { addPerson } from '../../src/domain/people.js';
import { checkFilter, FilterError, type GivenFilter } from '../../src/domain/sink-filter.js';
import { openSink } from '../../src/domain/sink-opening.js';
import { addSink, trySink } from '../../src/domain/sinks.js';
import { Failure, type Parsed } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { contactNumber, message, ownNumber, receipt, says } from './support/connector.js';
import { scriptedSink } from './support/sink.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const otherNumber = '+12025550177';
const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });

async function open() {
  const scripted = scriptedSink();
  const world = await World.open(test.database, { sinks: [scripted.sink] });
  // Only the sinks of the test itself.
  await test.database.sql`delete from sink_inflow where instance_id = ${world.tenant.id}`;
  await test.database.sql`delete from sinks where instance_id = ${world.tenant.id}`;
  const { orm } = test.database;
  const add = async (given: GivenFilter) => {
    const filter = await checkFilter(orm, world.tenant, world.registry, given);
    const tried = await trySink(world.registry, { type: scripted.sink.id, name: 'x', settings: {} });
    return (await addSink(orm, world.tenant, tried, filter)).id;
  };
  const person = (name: string, ...addresses: string[]) =>
    addPerson(orm, world.tenant, { role: 'custodian', name, addresses });
  /** What waits for a sink, by the keys of the events or, without one, by kind. */
  const waiting = async (sinkId: string) => {
    const ids = await test.database.sql<{ record_id: string }[]>`
      select record_id from deliveries where sink_id = ${sinkId} order by sequence`;
    const envelopes = new Map((await world.envelopes()).map((each) => [each.skeleton.id, each.content]));
    return ids.map(({ record_id }) => {
      const content = envelopes.get(record_id)!;
      return 'key' in content && content.kind !== 'gap' ? content.key : content.kind;
    });
  };
  const read = async (...said: Parsed[]) => {
    await world.receive(...said);
    await world.normalise();
  };
  const figures = async (sinkId: string) => (await readFigures(orm, world.tenant.id)).get(sinkId)!;
  return { world, add, person, waiting, read, figures, orm };
}

const say = (...events: Parameters<typeof says>) => says(...events) as Parsed;
const parsed = (kind: 'unsupported', reason: string): Parsed => ({ kind, reason });

describe('a sink with a filter', () => {
  it('takes the kinds that it names; what it leaves out is counted', async () => {
    const { add, waiting, read, figures } = await open();
    const [messages, receipts] = [
      await add({ kinds: ['message'] }),
      await add({ kinds: ['receipt', 'gap'] }),
    ];
    await read(say(message('m1'), message('m2'), receipt('r1', 'm1', 'read')));
    expect(await waiting(messages)).toEqual(['m1', 'm2']);
    expect(await waiting(receipts)).toEqual(['r1']);
    expect(await figures(messages)).toMatchObject({ pending: 2, leftOut: 1 });
    expect(await figures(receipts)).toMatchObject({ pending: 1, leftOut: 2 });
  });

  it('takes what came by its connectors, and the own records of the gateway where it says so', async () => {
    const { world, add, waiting, read, orm } = await open();
    const [captured, own] = [await add({ connectors: ['scripted'] }), await add({ connectors: ['archway'] })];
    await read(say(message('m1')));
    const alert = { kind: 'alert', key: 'a1', channel: 'archway', state: 'open', reason: 'x', detail: 'y' };
    await captureOwn(orm, world.tenant.vault, null, { events: [alert as never] });
    await world.normalise();
    expect(await waiting(captured)).toEqual(['m1']);
    expect(await waiting(own)).toEqual(['a1']);
  });

  it('takes what belongs to its custodians: messages in either direction, and what is about them', async () => {
    const { add, person, waiting, read } = await open();
    await person('Ada', ownNumber);
    await person('Bob', otherNumber);
    const ada = await add({ custodians: ['Ada'] });
    const both = await add({ custodians: ['Ada', 'Bob'] });
    const bob = await add({ custodians: ['Bob'] });
    const toBob = { conversation: 'b', from: address(contactNumber), to: [address(otherNumber)] };
    const between = { conversation: 'c', from: address(ownNumber), to: [address(otherNumber)] };
    await read(say(message('to-ada'), message('to-bob', toBob)), say(message('between', between)));
    await read(say(receipt('r-ada', 'to-ada', 'read'), receipt('r-bob', 'to-bob', 'read')));
    expect(await waiting(ada)).toEqual(['to-ada', 'between', 'r-ada']);
    expect(await waiting(bob)).toEqual(['to-bob', 'between', 'r-bob']);
    expect(await waiting(both)).toEqual(['to-ada', 'to-bob', 'between', 'r-ada', 'r-bob']);
  });

  it('gets a receipt where its message went, though the number has passed to somebody else', async () => {
    const { world, add, person, waiting, read } = await open();
    await person('Ada', ownNumber);
    const ada = await add({ custodians: ['Ada'] });
    await read(say(message('m1')));
    const handover = new Date();
    await test.database.sql`
      update identities set valid_until = ${handover.toISOString()} where instance_id = ${world.tenant.id}`;
    const bobsFromNow = { role: 'custodian' as const, name: 'Bob', addresses: [ownNumber] };
    await addPerson(test.database.orm, world.tenant, { ...bobsFromNow, validFrom: handover });
    const bob = await add({ custodians: ['Bob'] });
    await read(say({ ...receipt('r1', 'm1', 'read'), from: address(ownNumber) }, message('m2')));
    expect(await waiting(ada)).toEqual(['m1', 'r1']);
    expect(await waiting(bob)).toEqual(['m2']);
  });

  it('gets what names nobody by the last message of its conversation, and else by the account', async () => {
    const { add, person, waiting, read } = await open();
    await person('Ada', ownNumber);
    await person('Bob', otherNumber);
    const [ada, bob] = [await add({ custodians: ['Ada'] }), await add({ custodians: ['Bob'] })];
    await read(say(message('m1', { conversation: 'b', to: [address(otherNumber)] })));
    const joined = { kind: 'membership' as const, channel: 'sms', action: 'joined' as const, members: [] };
    await read(
      say({ ...joined, key: 'known', conversation: 'b' }, { ...joined, key: 'unknown', conversation: 'z' }),
    );
    await read(parsed('unsupported', 'What is this?'));
    expect(await waiting(bob)).toEqual(['m1', 'known']);
    expect(await waiting(ada)).toEqual(['unknown', 'unsupported']);
  });

  it('leaves what nobody takes in the journal, and that is counted', async () => {
    const { world, add, person, read, orm } = await open();
    await person('Cleo', '+12025550166');
    await add({ custodians: ['Cleo'] });
    await add({ kinds: ['call'] });
    await read(say(message('m1'), message('m2')));
    expect(await countInstance(orm, world.tenant.id)).toMatchObject({ records: 2, unmatched: 2 });
    expect(await world.envelopes()).toHaveLength(2);
    expect(await world.metrics.registry.metrics()).toMatch(/archway_unmatched_records_total [1-9]/);
  });
});

describe('a filter', () => {
  it.each([
    [{ kinds: ['massage'] }, /no kind of record massage \(known: message, edit/],
    [{ connectors: ['smoke'] }, /no connector smoke \(known: scripted, archway\)/],
    [{ custodians: ['Nobody'] }, /no custodian Nobody/],
    [{ custodians: ['Twin'] }, /several custodians are named Twin: give the id/],
    [{ kinds: [] }, /kinds is empty/],
    [{ kinds: ['massage'], connectors: ['smoke'] }, /massage.*smoke|smoke.*massage/],
  ])('%j is refused with what is wrong', async (given, complaint) => {
    const { add, person } = await open();
    await person('Twin', '+12025550101');
    await person('Twin', '+12025550102');
    await expect(add(given)).rejects.toThrow(complaint);
    await expect(add(given)).rejects.toBeInstanceOf(FilterError);
  });
});

describe('a sink that does not open in time', () => {
  it('is a failure, and not a wait for ever; what opens too late is closed again', async () => {
    let openLate: () => void = () => undefined;
    const scripted = scriptedSink();
    const type = {
      ...scripted.sink,
      open: async (...given: Parameters<typeof scripted.sink.open>) => {
        await new Promise<void>((resolve) => {
          openLate = resolve;
        });
        return scripted.sink.open(...given);
      },
    };
    const opening = openSink({ type, settings: {} }, 30);
    await expect(opening).rejects.toBeInstanceOf(Failure);
    await expect(opening).rejects.toMatchObject({ kind: 'unavailable' });
    openLate();
    await expect.poll(() => scripted.kept.disposed).toBe(1);
  });
});
