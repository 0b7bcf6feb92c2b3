import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { captureOwn } from '../../src/domain/own-captures.js';
import { addPerson } from '../../src/domain/people.js';
import { checkFilter } from '../../src/domain/sink-filter.js';
import { addSink, trySink } from '../../src/domain/sinks.js';
import type { CommunicationEvent, OwnEvent } from '../../src/sdk/index.js';
import { answeredStory, office } from '../support/call-story.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { contactNumber, message, ownNumber, says } from './support/connector.js';
import { scriptedSink } from './support/sink.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const whole = { custodian: { name: 'Ada' }, contact: { name: 'Carol' } };
const shared = { channel: 'sms', conversation: 'a conversation' };

/** Ada has the number of the account and the office, Carol calls and writes. */
async function open(sinks: Parameters<typeof World.open>[1] = {}) {
  const world = await World.open(test.database, sinks);
  const { orm } = test.database;
  const mine = { role: 'custodian' as const, name: 'Ada', addresses: [ownNumber, office.value] };
  await addPerson(orm, world.tenant, mine);
  await addPerson(orm, world.tenant, { role: 'contact', name: 'Carol', addresses: [contactNumber] });
  const read = async (...events: Record<string, unknown>[]) => {
    await world.receive(says(...(events as CommunicationEvent[])));
    await world.normalise();
  };
  /** What the gateway itself has to say of a message or a call. */
  const state = async (...events: OwnEvent[]) => {
    await captureOwn(orm, world.tenant.vault, world.account.id, { events });
    await world.normalise();
  };
  const contents = async () => (await world.envelopes()).map(({ content }) => content);
  return { world, read, state, contents, orm };
}

const fetched = (about: string): OwnEvent => ({
  ...shared,
  ...{ kind: 'attachment', key: `attachment/${about}`, about, attachment: newId() },
  ...{ byteLength: 1, sha256: '0'.repeat(64) },
});

const gap = (about: string): OwnEvent => ({
  ...shared,
  ...{ kind: 'gap', key: `gap/${about}`, about, state: 'open', reason: 'media-unavailable', detail: 'Gone.' },
});

const closed = (about: string): OwnEvent => ({
  ...gap(`gap/${about}`),
  ...({ key: `gap/${about}/closed`, state: 'closed' } as object),
});

const reaction = { ...shared, kind: 'reaction', key: 'r1', about: 'm1', emoji: '👍' };
const from = (value: string) => ({ scheme: 'tel', value, asReceived: value });

describe('a record that is about a message', () => {
  it('names the people of the message, where it names nobody or only one of them', async () => {
    const { read, state, contents } = await open();
    await read(message('m1'));
    await state(fetched('m1'), gap('m1'), closed('m1'));
    await read(
      { ...reaction, from: from(contactNumber) },
      { ...shared, kind: 'deletion', key: 'd', about: 'm1' },
    );
    const said = await contents();
    expect(said.map(({ kind }) => kind)).toEqual([
      ...['message', 'attachment', 'gap', 'gap', 'reaction', 'deletion'],
    ]);
    expect(said).toMatchObject(said.map(() => whole));
  });

  it('names them also when both come at once', async () => {
    const { read, contents } = await open();
    await read(message('m1'), { ...reaction, from: from(contactNumber) });
    expect((await contents())[1]).toMatchObject({ kind: 'reaction', ...whole });
  });

  it('names whose the message was, though the number has passed to somebody else', async () => {
    const { world, read, state, contents, orm } = await open();
    await read(message('m1'));
    await test.database.sql`
      update identities set valid_until = now() where instance_id = ${world.tenant.id}`;
    const bob = { role: 'custodian' as const, name: 'Bob', addresses: [ownNumber] };
    await addPerson(orm, world.tenant, { ...bob, validFrom: new Date() });
    await state(fetched('m1'));
    expect((await contents())[1]).toMatchObject({ kind: 'attachment', ...whole });
  });

  it('names who did it before the people of the message', async () => {
    const { world, read, contents, orm } = await open();
    const dave = { role: 'contact' as const, name: 'Dave', addresses: ['+12025550155'] };
    await addPerson(orm, world.tenant, dave);
    await read(message('m1'), { ...reaction, from: from('+12025550155') });
    expect((await contents())[1]).toMatchObject({ custodian: { name: 'Ada' }, contact: { name: 'Dave' } });
  });

  it('names nobody where the message was erased, or never came', async () => {
    const { world, read, state, contents } = await open();
    await read(message('m1'));
    await test.database.sql`update records set sealed_content = null where instance_id = ${world.tenant.id}`;
    await state(fetched('m1'), fetched('m2'));
    await test.database.sql`
      delete from records where sealed_content is null and instance_id = ${world.tenant.id}`;
    for (const content of await contents()) {
      expect(content).not.toHaveProperty('custodian');
      expect(content).not.toHaveProperty('contact');
    }
  });

  it('goes to the sinks that take what is of its custodian', async () => {
    const { sink } = scriptedSink();
    const { world, read, state, orm } = await open({ sinks: [sink] });
    await read(message('m1'));
    const filter = await checkFilter(orm, world.tenant, world.registry, { custodians: ['Ada'] });
    const tried = await trySink(world.registry, { type: sink.id, name: 'x', settings: {} });
    const { id } = await addSink(orm, world.tenant, tried, filter);
    await state(fetched('m1'), gap('m1'));
    const kinds = await test.database.sql<{ kind: string }[]>`
      select records.kind from deliveries join records on records.id = record_id
      where sink_id = ${id} order by deliveries.sequence`;
    expect(kinds.map(({ kind }) => kind)).toEqual(['attachment', 'gap']);
  });
});

describe('a record that is about a call', () => {
  const story = answeredStory('c');
  const about = ['recording/c/completed', 'call/c'] as const;

  it('names the people of the call, whichever leg shows them, when all comes at once', async () => {
    const { read, state, contents } = await open();
    await read(...story);
    await state(fetched(about[0]), gap(about[1]), closed(about[1]));
    const said = await contents();
    expect(said).toHaveLength(story.length + 3);
    expect(said).toMatchObject(said.map(() => whole));
  });

  it('names them also when it is told piece by piece', async () => {
    const { read, contents } = await open();
    for (const event of story) await read(event);
    const said = await contents();
    expect(said).toMatchObject(said.map(() => whole));
  });
});
