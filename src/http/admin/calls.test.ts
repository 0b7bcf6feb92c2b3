import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import {
  address,
  answeredStory,
  at,
  office,
  requestedStory,
  voicemailStory,
} from '../../../test/support/call-story.js';
import { captureOwn } from '../../domain/own-captures.js';
import type { OwnEvent } from '../../sdk/index.js';

let api: TestApi;
let desk: string;
beforeAll(async () => {
  api = await startTestApi();
  desk = await addAccount('desk');
  await api.call('POST', '/v1/custodians', { body: { name: 'Ada', addresses: ['+12025550100'] } });
  await api.call('POST', '/v1/identities', {
    body: { address: '+12025550123', role: 'contact', person: 'Carol' },
  });
});
afterAll(() => api?.close());

async function addAccount(name: string): Promise<string> {
  const settings = { token: 'hush-hush', numbers: '+12025550100' };
  const body = { connector: 'test-chat', name, settings };
  return (await api.call('POST', '/v1/accounts', { body })).body.id;
}
async function say(account: string, ...events: object[]): Promise<void> {
  await api.capture(api.tenant, account, { events });
  await api.record(api.tenant);
}
async function sayOwn(account: string, events: object[], alias?: [string, string]): Promise<void> {
  const aliases = alias && [{ alias: alias[0], key: alias[1] }];
  const statement = { events: events as OwnEvent[], ...(aliases && { aliases }) };
  await captureOwn(api.database.orm, api.tenant.vault, account, statement);
  await api.record(api.tenant);
}
const list = async (query = '') => (await api.call('GET', `/v1/calls${query}`)).body.data;
const show = async (id: string) => (await api.call('GET', `/v1/calls/${id}`)).body;

/** Without what is another in every account: ids. */
function essence(call: Record<string, unknown>): object {
  const { id: _id, account: _account, conversation: _conversation, recordings, ...rest } = call;
  const heard = (recordings as { id: string }[]).map(({ id: _recording, ...recording }) => recording);
  return { ...rest, recordings: heard };
}

describe('the call log', () => {
  it('has a call as a person would tell it', async () => {
    await say(desk, ...answeredStory('a'));
    const [call] = await list();
    expect(Object.keys(call)).toEqual([
      ...['id', 'direction', 'connector', 'account', 'conversation', 'from', 'to', 'forwardedTo'],
      ...['forwardedFrom', 'outcome', 'startedAt', 'answeredAt', 'endedAt', 'ringSeconds', 'talkSeconds'],
      ...['routing', 'recordings', 'custodian', 'contact'],
    ]);
    expect(call).toMatchObject({
      ...{ direction: 'inbound', connector: 'test-chat', account: desk },
      ...{ from: '+12025550123', to: '+12025550100', forwardedTo: ['+12025550145', '+12025550146'] },
      ...{ forwardedFrom: '+12025550177', outcome: 'answered' },
      ...{ startedAt: at(0), answeredAt: at(11), endedAt: at(62), ringSeconds: 11, talkSeconds: 50 },
      routing: { verification: 'TN-Validation-Passed-A', sipCode: '200', callerName: 'CAROL C' },
      recordings: [
        { contentType: 'audio/wav', state: 'referenced', durationSeconds: 50, channels: 2, sha256: null },
      ],
      ...{ custodian: { name: 'Ada' }, contact: { name: 'Carol' } },
    });
  });

  it('shows one call with its legs and everything that tells of it', async () => {
    const [{ id }] = await list();
    const detail = await show(id);
    expect(detail.legs).toHaveLength(3);
    expect(detail.legs).toContainEqual(
      expect.objectContaining({ parent: id, to: ['+12025550145'], status: 'canceled', talkSeconds: null }),
    );
    expect(detail.history.map(({ kind }: { kind: string }) => kind)).toEqual([
      ...Array(8).fill('call'),
      'recording',
    ]);
    expect(detail.history.at(-1).attachments).toHaveLength(1);
    const child = detail.legs.find(({ parent }: { parent: string | null }) => parent !== null);
    expect((await show(child.id)).id).toBe(id);
    expect((await api.call('GET', '/v1/calls/018f0000-0000-7000-8000-000000000000')).status).toBe(404);
  });

  it('is filtered, and read in pages', async () => {
    await say(desk, ...voicemailStory('v'));
    const other = await addAccount('other');
    await say(other, {
      ...{ kind: 'call', key: 'call/single', channel: 'voice', direction: 'outbound', status: 'no-answer' },
      ...{ from: office, to: [address('+12025550188')], startedAt: '2026-11-24T09:00:00.000Z' },
    });
    const outcomes = async (query: string) =>
      (await list(query)).map(({ outcome }: { outcome: string }) => outcome);
    expect(await outcomes('')).toEqual(['answered', 'voicemail', 'no-answer']);
    expect(await outcomes('?outcome=voicemail')).toEqual(['voicemail']);
    expect(await outcomes('?direction=outbound')).toEqual(['no-answer']);
    expect(await outcomes('?account=other')).toEqual(['no-answer']);
    expect(await outcomes('?connector=test-chat')).toHaveLength(3);
    expect(await outcomes('?connector=twilio-sms')).toEqual([]);
    expect(await outcomes('?custodian=Ada&contact=Carol')).toEqual(['answered', 'voicemail']);
    expect(await outcomes('?address=%2B12025550146')).toEqual(['answered']);
    expect(await outcomes('?since=2026-11-24T00:00:00Z')).toEqual(['no-answer']);
    expect(await outcomes('?until=2026-11-24T00:00:00Z')).toEqual(['answered', 'voicemail']);
    const [{ conversation }] = await list();
    expect(await outcomes(`?conversation=${conversation}`)).toEqual(['answered', 'voicemail']);
    const page = (await api.call('GET', '/v1/calls?limit=2')).body;
    expect(page.data).toHaveLength(2);
    expect(await outcomes(`?limit=2&cursor=${page.next}`)).toEqual(['no-answer']);
    expect((await api.call('GET', '/v1/calls?outcome=splendid')).status).toBe(400);
  });

  it('is the same when it is made again from the journal', async () => {
    const requested = requestedStory('again');
    await say(desk, ...requested.told);
    await sayOwn(desk, requested.own, [requested.alias, 'outbound/again']);
    const calls = await list();
    const conversations = (await api.call('GET', '/v1/conversations')).body.data;
    await api.call('POST', '/v1/conversations/rebuild');
    expect(await list()).toEqual(calls);
    expect((await api.call('GET', '/v1/conversations')).body.data).toEqual(conversations);
  });

  it('shows no number and no name to whoever has the database', async () => {
    const { sql } = api.database;
    const rows = [await sql`select * from calls`, await sql`select * from call_facts`];
    expect(JSON.stringify(rows)).not.toMatch(/20255501|CAROL|Ada/);
    expect(rows[0]).not.toHaveLength(0);
  });
});

describe('a call in a conversation', () => {
  it('is one entry beside the messages of the same two people, with all that tells of it', async () => {
    const account = await addAccount('talk');
    await say(account, ...answeredStory('talk'));
    const [conversation] = (await api.call('GET', '/v1/conversations?account=talk')).body.data;
    expect(conversation).toMatchObject({ custodian: { name: 'Ada' }, contact: { name: 'Carol' } });
    expect(conversation.participants).toHaveLength(2);
    const { data } = (await api.call('GET', `/v1/conversations/${conversation.id}`)).body;
    const mine = data.filter((entry: { account: string }) => entry.account === account);
    expect(mine).toMatchObject([
      {
        ...{ kind: 'call', channel: 'voice', from: '+12025550123', to: ['+12025550100'] },
        call: { outcome: 'answered', recordings: [{ durationSeconds: 50 }] },
        ...{ custodian: { name: 'Ada' }, contact: { name: 'Carol' } },
        history: { length: 8 },
      },
    ]);
    const counted = data.filter(({ kind }: { kind: string }) => kind === 'call').length;
    expect(conversation).toMatchObject({ calls: counted, records: data.length });
  });
});

describe('a call that the gateway was asked for', () => {
  it('is one call, told by its request and by the legs that the provider made', async () => {
    const account = await addAccount('asking');
    const { own, told, alias } = requestedStory('asked');
    await sayOwn(account, own.slice(0, 1));
    expect(await list('?account=asking')).toMatchObject([
      { outcome: 'requested', from: '+12025550100', to: '+12025550123', forwardedTo: ['+12025550145'] },
    ]);
    await sayOwn(account, own.slice(1), [alias, 'outbound/asked']);
    await say(account, ...told);
    const calls = await list('?account=asking');
    expect(calls).toMatchObject([
      {
        ...{ direction: 'outbound', from: '+12025550100', to: '+12025550123', forwardedTo: ['+12025550145'] },
        ...{ outcome: 'answered', startedAt: at(0), answeredAt: at(17), endedAt: at(78) },
        ...{ ringSeconds: 7, talkSeconds: 60, custodian: { name: 'Ada' }, contact: { name: 'Carol' } },
      },
    ]);
  });
});

describe('asking for a call', () => {
  const ask = (body: object) =>
    api.call('POST', '/v1/calls', {
      body: { account: 'calling', to: '+12025550123', idempotencyKey: 'k', ...body },
    });

  it('is answered with the id of a call that is on record, once for each key', async () => {
    const account = await addAccount('calling');
    const { status, body } = await ask({});
    expect(status).toBe(202);
    expect(body).toMatchObject({ account, state: 'requested' });
    expect((await ask({})).body.id).toBe(body.id);
    expect((await ask({ ring: '+12025550146' })).status).toBe(409);
    await api.record(api.tenant);
    expect(await show(body.id)).toMatchObject({
      ...{ outcome: 'requested', from: '+12025550100', to: '+12025550123' },
      forwardedTo: ['+12025550145'],
    });
    const outbound = (await api.call('GET', `/v1/outbound/${body.id}`)).body;
    expect(outbound).toMatchObject({ kind: 'call', state: 'requested', to: '+12025550123' });
    const [act] = await api.database.sql`select action from audit_trail where subject = ${body.id}`;
    expect(act?.action).toBe('call.request');
  });

  it('is refused where it cannot be, and says why', async () => {
    expect((await ask({ to: 'Carol' })).body.detail).toBe('Give the number as +12025550123.');
    expect((await ask({ account: 'nobody' })).status).toBe(404);
    expect((await ask({ speed: 'fast' })).status).toBe(400);
  });
});

/** Every step of a story, to be said in any order and more than once. */
type Step = (account: string) => Promise<void>;

const stories: [string, (name: string) => Step[]][] = [
  ['answered', (name) => answeredStory(name).map((event) => (account) => say(account, event))],
  ['voicemail', (name) => voicemailStory(name).map((event) => (account) => say(account, event))],
  [
    'requested',
    (name) => {
      const { own, told, alias } = requestedStory(name);
      const [request, accepted] = own as [object, object];
      return [
        (account) => sayOwn(account, [request]),
        (account) => sayOwn(account, [accepted], [alias, `outbound/${name}`]),
        ...told.map(
          (event): Step =>
            (account) =>
              say(account, event),
        ),
      ];
    },
  ],
];

describe('news of a call', () => {
  it.each(stories)('in any order, and twice, make the same call: %s', async (kind, storyOf) => {
    const straight = await addAccount(`straight-${kind}`);
    for (const step of storyOf('s')) await step(straight);
    const [wanted, ...more] = await list(`?account=${straight}`);
    expect(more).toEqual([]);
    const { length } = storyOf('s');
    const orders = fc
      .array(fc.nat(length - 1), { maxLength: 4 })
      .chain((again) =>
        fc.shuffledSubarray([...Array(length).keys(), ...again], { minLength: length + again.length }),
      );
    let turn = 0;
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        turn += 1;
        const account = await addAccount(`${kind}-${turn}`);
        const steps = storyOf('s');
        for (const index of order) await steps[index]?.(account);
        const calls = await list(`?account=${account}`);
        expect(calls.map(essence)).toEqual([essence(wanted)]);
      }),
      { numRuns: 12 },
    );
    const conversations = (await api.call('GET', '/v1/conversations')).body.data;
    await api.call('POST', '/v1/conversations/rebuild');
    expect((await api.call('GET', '/v1/conversations')).body.data).toEqual(conversations);
  });
});
