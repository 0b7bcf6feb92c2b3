import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';

let api: TestApi;
let desk: string;

const address = (value: string, scheme = 'tel', name?: string) => ({
  ...{ scheme, value, asReceived: value },
  ...(name !== undefined && { name }),
});
const office = address('+447700900100');
const number = address('+12025550123');
const hidden = address('70000000123@lid', 'whatsapp', 'Ben at the fair');
const newNumber = address('+12025550129');
const on = (day: string) => ({ occurredAt: { at: `${day}T10:00:00.000Z`, granularity: 'second' } });

const alias = (known = number, other = address(hidden.value, 'whatsapp')) => ({
  kind: 'alias',
  key: `alias/${other.value}/${known.value}`,
  channel: 'whatsapp',
  address: known,
  alias: other,
});

const toOffice = (key: string, from: object, fields: object = {}) =>
  messageEvent(key, { channel: 'whatsapp', from, to: [office], conversation: `with ${key}`, ...fields });

beforeAll(async () => {
  api = await startTestApi();
  const settings = { token: 'hush-hush', numbers: '+447700900100' };
  const account = { connector: 'test-chat', name: 'desk', settings };
  desk = (await api.call('POST', '/v1/accounts', { body: account })).body.id;
});
afterAll(() => api?.close());

async function say(...events: object[]): Promise<void> {
  await api.capture(api.tenant, desk, { events });
  await api.record(api.tenant);
}
const list = async (query = '') => (await api.call('GET', `/v1/conversations${query}`)).body.data;
const unknown = async () => (await api.call('GET', '/v1/people/unknown?own=false')).body.data;
const messages = async (query = '') => (await api.call('GET', `/v1/messages${query}`)).body.data;
const assign = (body: object) => api.call('POST', '/v1/identities', { body });
const records = () => api.database.sql`select * from records order by sequence`;
const kinds = async () => (await records()).map((row) => (row as { kind: string }).kind);

describe('two addresses of one end', () => {
  it('are two unknown people until something says that they are one', async () => {
    await say(toOffice('sms', number, { channel: 'sms', ...on('2026-01-05') }));
    await say(toOffice('wa', hidden, on('2026-01-06')));
    expect(await unknown()).toHaveLength(2);
    expect(await list()).toHaveLength(2);
  });

  it('are one unknown person afterwards, with one conversation, and no record is changed', async () => {
    const before = await records();
    await say(alias());
    expect(await unknown()).toMatchObject([
      { address: '+12025550123', scheme: 'tel', name: 'Ben at the fair', records: 2, accounts: [desk] },
    ]);
    const [conversation, ...others] = await list();
    expect(others).toEqual([]);
    expect(conversation).toMatchObject({ channels: ['sms', 'whatsapp'], records: 2 });
    expect(conversation.participants).toHaveLength(2);
    expect(conversation.participants).toContainEqual({
      ...{ role: 'unknown', own: false, person: null },
      addresses: expect.arrayContaining(['+12025550123', '70000000123@lid']),
    });
    expect((await records()).slice(0, before.length)).toEqual(before);
  });

  it('are found by either', async () => {
    for (const address of ['%2B12025550123', '70000000123%40lid']) {
      expect(await list(`?address=${address}`)).toHaveLength(1);
      expect(await messages(`?address=${address}`)).toHaveLength(2);
    }
  });

  it('are recorded once, however often it is said', async () => {
    await say(alias());
    await say(alias(), toOffice('again', hidden, { conversation: 'with wa', ...on('2026-01-07') }));
    expect((await kinds()).filter((kind) => kind === 'alias')).toHaveLength(1);
    expect(await kinds()).not.toContain('conflict');
  });

  it('are the same contact by one identity, before and after', async () => {
    await assign({ address: '+447700900100', role: 'custodian', person: 'Ada' });
    expect((await assign({ address: '+12025550123', role: 'contact', person: 'Ben' })).status).toBe(201);
    expect(await list()).toMatchObject([{ contact: { name: 'Ben' }, records: 3 }]);
    await say(toOffice('later', hidden, { conversation: 'with wa', ...on('2026-02-01') }));
    expect(await unknown()).toEqual([]);
    const [conversation, ...others] = await list();
    expect(others).toEqual([]);
    expect(conversation).toMatchObject({ contact: { name: 'Ben' }, custodian: { name: 'Ada' }, records: 4 });
    const { data } = (await api.call('GET', `/v1/conversations/${conversation.id}`)).body;
    for (const entry of data) expect(entry).toMatchObject({ contactNow: { name: 'Ben' } });
    // What is recorded from now on names the contact in the record itself.
    expect(data.at(-1)).toMatchObject({ contact: { name: 'Ben' }, from: '70000000123@lid' });
    expect(await messages('?contact=Ben')).toHaveLength(4);
  });

  it('are the same when the projection is made again from the journal', async () => {
    const before = await list();
    await api.call('POST', '/v1/conversations/rebuild');
    expect(await list()).toEqual(before);
    expect(await unknown()).toEqual([]);
  });

  it('are the same contact also where the identity is that of the hidden one', async () => {
    const other = address('70000000199@lid', 'whatsapp');
    const hisNumber = address('+12025550199');
    await say(toOffice('dan', other, on('2026-01-05')));
    await assign({ address: other.value, role: 'contact', person: 'Dan' });
    await say(alias(hisNumber, other), toOffice('dan by number', hisNumber, { conversation: 'with dan' }));
    const [conversation] = await list('?contact=Dan');
    expect(conversation).toMatchObject({ contact: { name: 'Dan' }, records: 2 });
    expect(await unknown()).toEqual([]);
  });
});

describe('a message that comes again', () => {
  const both = (key: string) => [
    toOffice(key, address(hidden.value, 'whatsapp'), on('2026-03-01')),
    toOffice(key, number, on('2026-03-01')),
  ];

  it.each([['in one batch'], ['later']])(
    'by the other name of its sender is no second record, %s',
    async (when) => {
      const before = (await records()).length;
      const [first = {}, second = {}] = both(`twice ${when}`);
      if (when === 'later') await say(first);
      else await api.capture(api.tenant, desk, { events: [first] });
      await say(second);
      expect(await records()).toHaveLength(before + 1);
      expect(await kinds()).not.toContain('conflict');
    },
  );

  it('by the name of somebody else is a conflict', async () => {
    await say(toOffice('forged', number, on('2026-03-01')));
    await say(toOffice('forged', address('+12025550188'), on('2026-03-01')));
    expect(await kinds()).toContain('conflict');
  });

  it('with another text is a conflict, whoever sends it', async () => {
    const conflicts = async () => (await kinds()).filter((kind) => kind === 'conflict').length;
    const before = await conflicts();
    const [first = {}, second = {}] = both('other text');
    await say(first);
    await say({ ...second, text: 'Something else' });
    expect(await conflicts()).toBe(before + 1);
  });
});

describe('an alias that passes to another address', () => {
  it('counts for the new one from then on, and for the old one before', async () => {
    const wanderer = address('70000000177@lid', 'whatsapp');
    const before = address('+12025550177');
    await say(alias(before, wanderer), toOffice('w1', wanderer, on('2026-01-01')));
    await assign({ address: before.value, role: 'contact', person: 'Before' });
    await assign({ address: newNumber.value, role: 'contact', person: 'After' });
    await say(alias(newNumber, wanderer));
    await say(toOffice('w2', wanderer, { conversation: 'with w1' }));
    const conversations = await list('?address=70000000177%40lid');
    const contacts = conversations.map((each: { contact: { name: string } | null }) => each.contact?.name);
    expect(contacts.sort()).toEqual(['After', 'Before']);
  });
});
