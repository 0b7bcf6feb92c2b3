import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { shelves } from '../../../test/support/test-plugins.js';

let api: TestApi;
let desk: string;
let sink: string;

const settings = { token: 'hush-hush', numbers: '+12025550100' };
const office = { scheme: 'tel', value: '+12025550100', asReceived: '+12025550100' };
const boris = { scheme: 'tel', value: '+12025550177', asReceived: 'whatsapp:+12025550177' };
const receipt = (key: string, about: string, status: string) => ({
  kind: 'receipt',
  key,
  about,
  channel: 'sms',
  status,
});

beforeAll(async () => {
  api = await startTestApi();
  const add = async (name: string) =>
    (await api.call('POST', '/v1/accounts', { body: { connector: 'test-chat', name, settings } })).body.id;
  desk = await add('desk');
  const branch = await add('branch');
  const shelf = { type: 'shelf', name: 'archive', settings: { shelf: 'messages' } };
  sink = (await api.call('POST', '/v1/sinks', { body: shelf })).body.id;
  await api.call('POST', '/v1/custodians', { body: { name: 'Grace', addresses: ['+1 202 555 0100'] } });

  const claimed = { at: '2026-11-23T09:30:00.000Z', granularity: 'second' };
  const image = {
    key: 'a1',
    reference: 'https://media.example.com/1',
    contentType: 'image/png',
    byteLength: 42,
  };
  await api.capture(api.tenant, desk, {
    events: [messageEvent('m1', { occurredAt: claimed, attachments: [image] })],
  });
  await api.capture(api.tenant, desk, {
    events: [
      receipt('r2', 'm2', 'delivered'),
      messageEvent('m2', { direction: 'outbound', from: office, to: [boris], conversation: 'boris' }),
    ],
  });
  await api.capture(api.tenant, branch, { events: [messageEvent('m3')] });
  await api.record(api.tenant);
  await api.capture(api.tenant, desk, {
    events: [
      receipt('r1', 'm2', 'sent'),
      { kind: 'edit', key: 'e1', about: 'm1', channel: 'sms', text: 'Better words', attachments: [] },
      messageEvent('m1', { text: 'Other words' }),
    ],
  });
  await api.record(api.tenant);
  await api.deliver(api.tenant, sink);
});
afterAll(() => api?.close());

const list = async (query = '') => (await api.call('GET', `/v1/messages${query}`)).body;
const texts = (page: { data: { text: string }[] }) => page.data.map((message) => message.text);

describe('the message log', () => {
  it('holds each message once, in the fixed shape', async () => {
    const { data, next } = await list();
    expect(texts({ data })).toEqual(['Text of m1', 'Text of m2', 'Text of m3']);
    expect(next).toBeNull();
    expect(Object.keys(data[0])).toEqual(
      `id kind direction connector account conversation from to text status sentAt receivedAt recordedAt attachments custodian contact custodianNow contactNow`.split(
        ' ',
      ),
    );
    expect(data[0]).toMatchObject({
      kind: 'message',
      direction: 'inbound',
      connector: 'test-chat',
      account: desk,
      from: '+12025550123',
      to: ['+12025550100'],
      status: 'received',
      sentAt: '2026-11-23T09:30:00.000Z',
      attachments: [{ contentType: 'image/png', byteLength: 42, sha256: null, state: 'referenced' }],
      custodian: { name: 'Grace' },
      contact: null,
    });
    expect(data[1]).toMatchObject({ to: ['whatsapp:+12025550177'], sentAt: null, status: 'delivered' });
  });

  it('is read in pages, each message on one of them', async () => {
    const seen: string[] = [];
    let query = '?limit=2';
    for (;;) {
      const page = await list(query);
      seen.push(...texts(page));
      if (page.next === null) break;
      query = `?limit=2&cursor=${page.next}`;
    }
    expect(seen).toEqual(['Text of m1', 'Text of m2', 'Text of m3']);
  });

  it('is read against the order of the journal, by what came last', async () => {
    const newest = await list('?order=newest&limit=2');
    expect(texts(newest)).toEqual(['Text of m3', 'Text of m2']);
    expect(texts(await list(`?order=newest&limit=2&cursor=${newest.next}`))).toEqual(['Text of m1']);
    expect(texts(await list(`?order=newest&account=${desk}`))).toEqual(['Text of m2', 'Text of m1']);
  });

  it('is filtered by account, direction, address, conversation and time', async () => {
    const [first, second] = (await list()).data;
    expect(texts(await list('?account=branch'))).toEqual(['Text of m3']);
    expect(texts(await list(`?account=${desk}`))).toEqual(['Text of m1', 'Text of m2']);
    expect(texts(await list('?direction=outbound'))).toEqual(['Text of m2']);
    expect(texts(await list('?address=%2B12025550177'))).toEqual(['Text of m2']);
    expect(texts(await list('?address=whatsapp:%2B1%20(202)%20555-0177'))).toEqual(['Text of m2']);
    expect(texts(await list('?address=%2B12025550199'))).toEqual([]);
    expect(texts(await list(`?conversation=${second.conversation}`))).toEqual(['Text of m2']);
    expect(texts(await list(`?until=${first.receivedAt}`))).toEqual([]);
    expect(texts(await list(`?since=${first.receivedAt}`))).toHaveLength(3);
    expect(texts(await list('?since=2100-01-01T00:00:00%2B02:00'))).toEqual([]);
  });

  it('refuses a filter that means nothing', async () => {
    for (const query of [
      'since=yesterday',
      'since=0000-01-01T00:00:00Z',
      'until=9999-12-31T23:00:00-02:00',
      'direction=up',
      'conversation=desk',
      'address=',
    ]) {
      expect((await api.call('GET', `/v1/messages?${query}`)).status).toBe(400);
    }
    expect((await api.call('GET', '/v1/messages?account=nobody')).status).toBe(404);
  });

  it('costs the same number of queries for one message as for many', async () => {
    const count = async (limit: number) => {
      let queries = 0;
      const { execute } = counted(() => {
        queries += 1;
      });
      await execute(() => list(`?limit=${limit}`));
      return queries;
    };
    const one = await count(1);
    expect(one).toBeGreaterThanOrEqual(3);
    expect(await count(3)).toBe(one);
  });
});

/** Counts the statements that go through the driver while a function runs. */
function counted(onQuery: () => void) {
  const session = (
    api.database.orm as never as { session: { prepareQuery: (...parts: unknown[]) => unknown } }
  ).session;
  const original = session.prepareQuery;
  return {
    async execute(work: () => Promise<unknown>) {
      session.prepareQuery = (...parts) => {
        onQuery();
        return original.apply(session, parts);
      };
      try {
        await work();
      } finally {
        session.prepareQuery = original;
      }
    },
  };
}

describe('one message', () => {
  it('has its history in the order of the journal', async () => {
    const [first, second] = (await list()).data;
    const edited = (await api.call('GET', `/v1/messages/${first.id}`)).body;
    expect(edited).toMatchObject(first);
    expect(edited.history).toMatchObject([
      { id: first.id, kind: 'message', text: 'Text of m1', occurredAt: first.sentAt },
      { kind: 'edit', text: 'Better words', occurredAt: null },
      { kind: 'conflict', reason: 'Same key, other content.', text: 'Other words' },
    ]);
    const sent = (await api.call('GET', `/v1/messages/${second.id}`)).body;
    expect(
      sent.history.map((entry: { kind: string; status?: string }) => [entry.kind, entry.status]),
    ).toEqual([
      ['receipt', 'delivered'],
      ['message', undefined],
      ['receipt', 'sent'],
    ]);
  });

  it('has its deliveries with their evidence', async () => {
    const [{ id }] = (await list()).data;
    const { deliveries } = (await api.call('GET', `/v1/messages/${id}`)).body;
    expect(deliveries).toMatchObject([
      {
        sink: { id: sink, name: 'archive', type: 'shelf' },
        state: 'delivered',
        attempts: 1,
        evidence: { locator: `${id}/${sink}`, retainedUntil: null },
        failure: null,
      },
    ]);
    expect(shelves.get('messages')?.has(deliveries[0].evidence.locator)).toBe(true);
  });

  it('is not found from another instance', async () => {
    const [{ id }] = (await list()).data;
    await api.call('POST', '/v1/instances', { body: { name: 'other' } });
    expect((await api.call('GET', `/v1/messages/${id}?instance=other`)).status).toBe(404);
    expect((await api.call('GET', '/v1/messages/no-id')).status).toBe(400);
  });
});

describe('the journal', () => {
  it('gives every record as an envelope, without holes', async () => {
    const { data } = (await api.call('GET', '/v1/records')).body;
    expect(data.map((envelope: { skeleton: { sequence: number } }) => envelope.skeleton.sequence)).toEqual(
      data.map((_: unknown, index: number) => index + 1),
    );
    expect(data.at(0)).toMatchObject({ skeleton: { kind: 'message' }, content: { text: 'Text of m1' } });
    expect(Buffer.from(data[0].salt, 'base64')).toHaveLength(32);
  });

  it('is filtered by kind and conversation, and read in pages', async () => {
    const page = (await api.call('GET', '/v1/records?kind=receipt&limit=1')).body;
    expect(page.data[0].content.status).toBe('delivered');
    const rest = (await api.call('GET', `/v1/records?kind=receipt&limit=1&cursor=${page.next}`)).body;
    expect(rest.data[0].content.status).toBe('sent');
    expect(rest.next).toBeNull();
    const [, { conversation }] = (await list()).data;
    expect((await api.call('GET', `/v1/records?conversation=${conversation}`)).body.data).toHaveLength(1);
  });
});

describe('the inspection of a sink', () => {
  const inspect = async (query = '') =>
    (await api.call('POST', `/v1/sinks/archive/inspect${query}`)).body as {
      data: { locator: string; record: string; result: string }[];
      next: string | null;
    };

  it('finds what was altered and what is missing, and no more', async () => {
    const before = await inspect();
    expect(new Set(before.data.map(({ result }) => result))).toEqual(new Set(['intact']));
    const [altered, missing] = before.data;
    const shelf = shelves.get('messages')!;
    shelf.set(altered!.locator, Buffer.from('{}'));
    shelf.delete(missing!.locator);
    const results = (await inspect()).data.map(({ result }) => result);
    expect(results).toEqual(['altered', 'missing', ...before.data.slice(2).map(() => 'intact')]);
  });

  it('goes on where the page before ended', async () => {
    const all = (await inspect()).data.map(({ record }) => record);
    const first = await inspect('?limit=4');
    const second = await inspect(`?limit=500&cursor=${first.next}`);
    expect([...first.data, ...second.data].map(({ record }) => record)).toEqual(all);
    expect(second.next).toBeNull();
  });

  it('is refused by a sink that cannot', async () => {
    await api.call('POST', '/v1/sinks', { body: { type: 'mailbox', name: 'mail', settings: {} } });
    const { status, body } = await api.call('POST', '/v1/sinks/mail/inspect');
    expect(status).toBe(409);
    expect(body.detail).toContain('cannot be inspected');
  });
});

describe('a message whose content was erased', () => {
  it('keeps its place and its keys', async () => {
    const [{ id }] = (await list()).data;
    await api.database.sql`update records set sealed_content = null where id = ${id}`;
    const { body } = await api.call('GET', `/v1/messages/${id}`);
    expect(body).toMatchObject({ erased: true, from: null, to: [], text: null, custodian: null });
    expect(body.attachments).toMatchObject([{ contentType: null, byteLength: null }]);
    expect(body.history[0]).toMatchObject({ kind: 'message', erased: true });
    const { data } = (await api.call('GET', '/v1/records')).body;
    expect(data[0]).toMatchObject({ skeleton: { id }, content: null, salt: null });
  });
});
