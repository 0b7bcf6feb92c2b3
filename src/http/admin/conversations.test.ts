import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';

let api: TestApi;
let desk: string;

const address = (value: string, scheme = 'tel') => ({ scheme, value, asReceived: value });
const office = address('+12025550100');
const carol = address('+12025550123');
const carolOnChat = address('4711', 'telegram');
const stranger = { ...address('+12025550177'), name: 'Zed from the fair' };
const on = (day: string) => ({ occurredAt: { at: `${day}T10:00:00.000Z`, granularity: 'second' } });
const out = (key: string, fields: object) =>
  messageEvent(key, { direction: 'outbound', from: office, to: [carol], ...fields });

beforeAll(async () => {
  api = await startTestApi();
  const settings = { token: 'hush-hush', numbers: '+12025550100' };
  const account = { connector: 'test-chat', name: 'desk', settings };
  desk = (await api.call('POST', '/v1/accounts', { body: account })).body.id;
  await say(
    messageEvent('sms', { from: carol, to: [office], conversation: 'sms', ...on('2026-01-05') }),
    out('chat', { channel: 'whatsapp', to: [carolOnChat], conversation: 'wa', ...on('2026-02-05') }),
    {
      ...out('call', { channel: 'voice', conversation: 'voice', ...on('2026-03-05') }),
      ...{ kind: 'call', status: 'completed', text: undefined, attachments: undefined },
    },
    {
      kind: 'recording',
      key: 'rec',
      about: 'call',
      channel: 'voice',
      status: 'completed',
      attachments: [sound],
    },
    messageEvent('zed', { from: stranger, to: [office], conversation: 'zed', ...on('2026-04-05') }),
  );
});
afterAll(() => api?.close());

const sound = { key: 'sound', reference: 'https://media.example.com/1', contentType: 'audio/mpeg' };

async function say(...events: object[]): Promise<void> {
  await api.capture(api.tenant, desk, { events });
  await api.record(api.tenant);
}
const list = async (query = '') => (await api.call('GET', `/v1/conversations${query}`)).body.data;
const assign = (body: object) => api.call('POST', '/v1/identities', { body });
const unknown = async (query = '') => (await api.call('GET', `/v1/people/unknown${query}`)).body.data;
const names = (people: { name: string | null }[]) => people.map((person) => person?.name);

describe('conversations', () => {
  it('are of addresses where nobody is known, and those are listed', async () => {
    expect(await list()).toMatchObject([
      { channels: ['sms'], records: 1, custodian: null, contact: null },
      { channels: ['sms', 'voice'], records: 2, calls: 1, messages: 1 },
      { channels: ['whatsapp'], records: 1 },
    ]);
    const people = await unknown();
    expect(people).toHaveLength(4);
    expect(people).toContainEqual({
      ...{ id: expect.any(String), address: '+12025550177', scheme: 'tel', name: 'Zed from the fair' },
      ...{ own: false, accounts: [desk], records: 1 },
      ...{ firstAt: '2026-04-05T10:00:00.000Z', lastAt: '2026-04-05T10:00:00.000Z' },
    });
    expect(await unknown('?own=true')).toMatchObject([{ address: '+12025550100', records: 4 }]);
  });

  it('join over channels when their people become known, and no record is changed', async () => {
    const before = await api.database.sql`select * from records order by sequence`;
    expect((await assign({ address: '+12025550100', role: 'custodian', person: 'Ada' })).status).toBe(201);
    await assign({ address: '+1 202 555 0123', role: 'contact', person: 'Carol' });
    await assign({ address: '4711', role: 'contact', person: 'Carol' });
    const [withZed, withCarol, ...more] = await list();
    expect(more).toEqual([]);
    expect(withZed).toMatchObject({ custodian: { name: 'Ada' }, contact: null });
    expect(withCarol).toMatchObject({
      custodian: { name: 'Ada' },
      contact: { name: 'Carol' },
      channels: ['sms', 'voice', 'whatsapp'],
      accounts: [desk],
      ...{ records: 3, messages: 2, calls: 1 },
      firstAt: '2026-01-05T10:00:00.000Z',
      lastAt: '2026-03-05T10:00:00.000Z',
    });
    expect(withCarol.participants).toMatchObject([
      { role: 'custodian', own: true, addresses: ['+12025550100'] },
      { role: 'contact', own: false, addresses: expect.arrayContaining(['+12025550123', '4711']) },
    ]);
    expect(await api.database.sql`select * from records order by sequence`).toEqual(before);
    expect((await unknown()).map((each: { address: string }) => each.address)).toEqual(['+12025550177']);
  });

  it('show who, whom, when, by which route, with recording and attachments', async () => {
    const [{ id }] = await list('?contact=Carol');
    const { conversation, data } = (await api.call('GET', `/v1/conversations/${id}`)).body;
    expect(conversation.id).toBe(id);
    expect(data.map((entry: { kind: string }) => entry.kind)).toEqual(['message', 'message', 'call']);
    expect(data[0]).toMatchObject({
      ...{ channel: 'sms', from: '+12025550123', to: ['+12025550100'], text: 'Text of sms' },
      ...{ custodian: null, custodianNow: { name: 'Ada' }, contactNow: { name: 'Carol' } },
      occurredAt: '2026-01-05T10:00:00.000Z',
    });
    expect(data[2].history).toMatchObject([
      { kind: 'recording', attachments: [{ contentType: 'audio/mpeg' }] },
    ]);
    const first = (await api.call('GET', `/v1/conversations/${id}?limit=2`)).body;
    const second = (await api.call('GET', `/v1/conversations/${id}?limit=2&cursor=${first.next}`)).body;
    expect([...first.data, ...second.data]).toEqual(data);
    expect(second.next).toBeNull();
    const other = '018f0000-0000-7000-8000-000000000000';
    expect((await api.call('GET', `/v1/conversations/${other}`)).status).toBe(404);
  });

  it('are counted on by what comes after', async () => {
    await say(out('again', { conversation: 'sms', ...on('2026-05-05') }));
    expect((await list())[0]).toMatchObject({ contact: { name: 'Carol' }, records: 4, messages: 3 });
  });

  it('are filtered, and read in pages', async () => {
    const contacts = async (query: string) =>
      (await list(query)).map((each: { contact: { name: string } | null }) => each.contact?.name ?? null);
    expect(await contacts('?custodian=Ada')).toEqual(['Carol', null]);
    expect(await contacts('?custodian=Ada&contact=Carol')).toEqual(['Carol']);
    expect(await contacts('?address=%2B12025550177')).toEqual([null]);
    expect(await contacts('?channel=voice')).toEqual(['Carol']);
    expect(await contacts('?account=desk')).toEqual(['Carol', null]);
    expect(await contacts('?since=2026-05-01T00:00:00Z')).toEqual(['Carol']);
    expect(await contacts('?until=2026-02-01T00:00:00Z')).toEqual(['Carol']);
    const page = (await api.call('GET', '/v1/conversations?limit=1')).body;
    expect(page.data[0].contact.name).toBe('Carol');
    expect(await contacts(`?limit=1&cursor=${page.next}`)).toEqual([null]);
    expect((await api.call('GET', '/v1/conversations?custodian=Nobody')).status).toBe(404);
    expect((await api.call('GET', '/v1/conversations?since=yesterday')).status).toBe(400);
  });

  it('are the same when they are made again from the journal', async () => {
    const before = await list();
    const { body } = await api.call('POST', '/v1/conversations/rebuild');
    expect(body.records).toBe(6);
    expect(await list()).toEqual(before);
  });

  it('of more than two are groups with a conversation of their own', async () => {
    await say(messageEvent('g1', { from: carol, to: [office, stranger], conversation: 'group' }));
    const [group] = await list();
    expect(group.participants).toHaveLength(3);
    expect(group).toMatchObject({ custodian: { name: 'Ada' }, contact: { name: 'Carol' }, records: 1 });
    await say(
      messageEvent('g2', { from: address('+12025550178'), to: [office, stranger], conversation: 'group' }),
    );
    expect((await list())[0]).toMatchObject({ id: group.id, records: 2, participants: { length: 4 } });
  });

  it('are of another instance for nobody', async () => {
    await api.call('POST', '/v1/instances', { body: { name: 'other' } });
    expect(await list('?instance=other')).toEqual([]);
    expect(await unknown('?instance=other')).toEqual([]);
  });
});

describe('the message log', () => {
  const texts = async (query: string) =>
    (await api.call('GET', `/v1/messages${query}`)).body.data.map((each: { text: string }) => each.text);

  it('has what was recorded beside what is known today', async () => {
    const { data } = (await api.call('GET', '/v1/messages?contact=Carol')).body;
    expect(names(data.map((each: { custodian: never }) => each.custodian))).toEqual([
      ...[undefined, undefined],
      ...['Ada', 'Ada'],
    ]);
    expect(data[0]).toMatchObject({ custodianNow: { name: 'Ada' }, contactNow: { name: 'Carol' } });
    expect(await texts('?custodian=Ada&contact=Carol&until=2000-01-01T00:00:00Z')).toEqual([]);
    expect((await api.call('GET', '/v1/messages?custodian=Nobody')).status).toBe(404);
  });
});

describe('a number that passes to somebody else', () => {
  it('is that of its owner at the time of each event', async () => {
    const people = (await api.call('GET', '/v1/custodians')).body.data;
    const [{ identities }] = people;
    const taken = await assign({ address: '+12025550100', role: 'custodian', person: 'Bob' });
    expect(taken.status).toBe(409);
    expect(taken.body.errors).toEqual([expect.stringContaining(`archway identity end ${identities[0].id}`)]);
    expect(names((await api.call('GET', '/v1/custodians')).body.data)).toEqual(['Ada']);

    const change = (body: object) => api.call('PATCH', `/v1/identities/${identities[0].id}`, { body });
    expect((await change({ validUntil: '2026-02-01T00:00:00Z' })).status).toBe(200);
    const bob = {
      address: '+12025550100',
      role: 'custodian',
      person: 'Bob',
      validFrom: '2026-03-01T00:00:00Z',
    };
    expect((await assign(bob)).status).toBe(201);
    expect((await change({ validUntil: '2026-03-02T00:00:00Z' })).status).toBe(409);

    const messages = async (name: string) =>
      (await api.call('GET', `/v1/messages?custodian=${name}`)).body.data.map(
        (each: { text: string }) => each.text,
      );
    expect(await messages('Ada')).toEqual(['Text of sms']);
    expect(await messages('Bob')).toEqual(['Text of zed', 'Text of again', 'Text of g1', 'Text of g2']);
    expect(await list('?custodian=Ada')).toMatchObject([{ records: 1, contact: { name: 'Carol' } }]);
    expect(await list('?custodian=Bob&contact=Carol&channel=voice')).toMatchObject([
      { records: 2, channels: ['sms', 'voice'] },
    ]);
    const [{ id }] = await list('?custodian=Bob&channel=voice');
    const { data } = (await api.call('GET', `/v1/conversations/${id}`)).body;
    expect(data.map((entry: { kind: string }) => entry.kind)).toEqual(['call', 'message']);
    expect(await unknown('?own=true')).toMatchObject([{ address: '+12025550100', records: 1 }]);
  });

  it('is refused a period that ends before it begins, and an identity that is not there', async () => {
    const bounds = { validFrom: '2026-02-01T00:00:00Z', validUntil: '2026-01-01T00:00:00Z' };
    expect((await assign({ address: '+12025550199', role: 'contact', person: 'X', ...bounds })).status).toBe(
      400,
    );
    const none = '018f0000-0000-7000-8000-000000000000';
    expect((await api.call('PATCH', `/v1/identities/${none}`, { body: {} })).status).toBe(404);
    expect((await assign({ address: '+12025550199', role: 'contact', person: none })).status).toBe(404);
  });
});

describe('a stolen database', () => {
  it('shows no number and no name', async () => {
    const { sql } = api.database;
    const rows = [
      await sql`select * from threads`,
      await sql`select * from thread_parties`,
      await sql`select * from thread_spans`,
      await sql`select encode(sealed, 'escape') from people`,
      await sql`select encode(sealed, 'escape') from identities`,
      await sql`select action, subject, encode(sealed_detail, 'escape') from audit_trail`,
    ];
    expect(JSON.stringify(rows)).not.toMatch(/20255501|Ada|Bob|Carol|Zed/);
    expect(JSON.stringify(rows[5])).toContain('identity.add');
  });
});
