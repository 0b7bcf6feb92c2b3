import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { openAuditDetail } from '../../domain/audit.js';
import { createIngress } from '../ingress.js';
import { createAdmin } from './index.js';

let api: TestApi;
/** What the account's test meets instead of the network. */
let answer: (url: string, init: RequestInit) => Promise<Response>;
/** What takes over the settings. */
let refreshing: () => Promise<void> = () => api.directory.refresh();
beforeAll(async () => {
  api = await startTestApi({ fetch: (url, init) => answer(url, init), refresh: () => refreshing() });
});
afterAll(() => api?.close());

const settings = { token: 'hush-hush', numbers: '+12025550100' };
const addDesk = (name = 'desk') =>
  api.call('POST', '/v1/accounts', { body: { connector: 'test-chat', name, settings } });

describe('connectors', () => {
  it('say what an account is given, what is secret and what they cannot see', async () => {
    const { body } = await api.call('GET', '/v1/connectors');
    expect(body.data).toMatchObject([
      {
        id: 'test-chat',
        secrets: ['token'],
        endpoints: [{ name: 'messages', purpose: 'Messages and receipts.' }],
        capabilities: { gaps: 'undetectable', blindSpots: ['Whispers.'] },
        settings: { type: 'object', required: ['token', 'numbers'] },
      },
    ]);
  });
});

describe('an account', () => {
  it('is usable when the answer is there, with the URLs to paste', async () => {
    const { status, body } = await addDesk();
    expect(status).toBe(201);
    expect(body.webhooks).toEqual({ messages: `https://archway.example.com/webhooks/${body.id}/messages` });
    expect(api.directory.get(body.id)?.account.name).toBe('desk');
  });

  it('is shown by id or name, without its credentials', async () => {
    const { body: list } = await api.call('GET', '/v1/accounts');
    const { body: byName } = await api.call('GET', '/v1/accounts/desk');
    const { body: byId } = await api.call('GET', `/v1/accounts/${byName.id}`);
    expect(list.data).toEqual([byName]);
    expect(byId).toEqual(byName);
    expect(byId).toMatchObject({
      connector: 'test-chat',
      settings: { token: '••••', numbers: ['+12025550100'] },
      ownAddresses: ['+12025550100'],
    });
    expect(JSON.stringify(list)).not.toContain('hush-hush');
    expect((await api.call('GET', '/v1/accounts/nobody')).status).toBe(404);
  });

  it('is refused with one sentence per wrong setting, none of which repeats a value', async () => {
    const { status, body } = await api.call('POST', '/v1/accounts', {
      body: { connector: 'test-chat', name: 'x', settings: { numbers: 'hidden-value', colour: 'red' } },
    });
    expect(status).toBe(400);
    expect(body.errors).toHaveLength(3);
    expect(body.errors).toContain('token is missing');
    expect(body.errors.join()).toContain('colour is not a setting');
    expect(JSON.stringify(body)).not.toContain('hidden-value');
    const unknown = await api.call('POST', '/v1/accounts', {
      body: { connector: 'smoke', name: 'x', settings: {} },
    });
    expect(unknown.body.detail).toContain('Installed: test-chat');
  });

  it('whose name means several is asked for by id', async () => {
    await addDesk('twice');
    await addDesk('twice');
    const { status, body } = await api.call('GET', '/v1/accounts/twice');
    expect(status).toBe(400);
    expect(body.detail).toContain('use the id');
  });

  it('is in the audit trail, its name sealed', async () => {
    const [row] = await api.database
      .sql`select action, subject, sealed_detail as "sealedDetail" from audit_trail where action = 'account.add' limit 1`;
    expect(openAuditDetail(api.tenant.vault, row as never)).toEqual({ name: 'desk', connector: 'test-chat' });
    expect(Buffer.from(row!.sealedDetail).includes('desk')).toBe(false);
  });

  it('leaves nothing behind when its transaction fails', async () => {
    const before = (await api.call('GET', '/v1/accounts')).body.data.length;
    await api.database
      .sql`alter table audit_trail add constraint broken check (action <> 'account.add') not valid`;
    expect((await addDesk('lost')).status).toBe(500);
    await api.database.sql`alter table audit_trail drop constraint broken`;
    expect((await api.call('GET', '/v1/accounts')).body.data).toHaveLength(before);
    expect(api.logged.join()).not.toContain('hush-hush');
  });

  it('comes in pages', async () => {
    const first = await api.call('GET', '/v1/accounts?limit=2');
    const second = await api.call('GET', `/v1/accounts?limit=2&cursor=${first.body.next}`);
    expect(first.body.data.map((account: { name: string }) => account.name)).toEqual(['desk', 'twice']);
    expect(second.body.data.map((account: { name: string }) => account.name)).toEqual(['twice']);
    expect(second.body.next).toBeNull();
  });

  it('is tried again when its new settings are in use, and not before', async () => {
    const { body: added } = await addDesk('paused');
    const trouble = async () => (await api.call('GET', '/v1/accounts/paused')).body.sendingTrouble?.kind;
    await api.database.sql`
      insert into account_sending (account_id, instance_id, next_at, paused_until, pauses, failure_kind, failure)
      values (${added.id}, ${api.tenant.id}, now(), now() + interval '5 minutes', 1, 'auth', 'Who are you?')`;
    const seen: unknown[] = [];
    refreshing = async () => {
      seen.push(await trouble());
      await api.directory.refresh();
    };
    const change = (body: unknown) => api.call('PATCH', '/v1/accounts/paused', { body });
    await change({ expectEveryMinutes: 60 });
    expect(await trouble()).toBe('auth');
    await change({ settings: { token: 'renewed' } });
    expect(await trouble()).toBeUndefined();
    expect(seen).toEqual(['auth', 'auth']);
  });
});

describe('the test of an account', () => {
  const someId = '018f0000-0000-7000-8000-000000000000';
  const testDesk = async () => (await api.call('POST', '/v1/accounts/desk/test')).body;
  const ingress = () => createIngress({ ...api, ingest: undefined as never, bodyMaxBytes: 1_000 });

  it('is passed when the public listener refuses an unsigned request', async () => {
    const asked: string[] = [];
    answer = async (url, init) => {
      asked.push(url);
      return ingress().request(new URL(url).pathname, init);
    };
    expect(await testDesk()).toMatchObject({ ok: true, checks: [{ ok: true }, { ok: true }, { ok: true }] });
    const { webhooks } = (await api.call('GET', '/v1/accounts/desk')).body;
    expect(asked).toEqual([webhooks.messages]);
  });

  it('names a stranger who answers', async () => {
    answer = async () => new Response('hello');
    const result = await testDesk();
    expect(result.ok).toBe(false);
    expect(result.checks.at(-1)).toMatchObject({ name: 'webhook-messages', ok: false });
    expect(result.checks.at(-1).remedy).toContain('Point the public URL');
  });

  it('names a gateway that does not know the account', async () => {
    answer = async (_, init) => ingress().request(`/webhooks/${someId}/messages`, init);
    expect((await testDesk()).checks.at(-1).detail).toContain('does not know this account');
  });

  it('names a local address, plain http and a connection that fails', async () => {
    answer = async () => {
      throw new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') });
    };
    const app = createAdmin({ ...api, publicUrl: 'http://localhost:8080' });
    const headers = { authorization: `Bearer ${api.adminKey}` };
    const response = await app.request('/v1/accounts/desk/test', { method: 'POST', headers });
    const { checks } = (await response.json()) as {
      checks: { ok: boolean; detail: string; remedy: string }[];
    };
    expect(checks.map((check) => check.ok)).toEqual([false, false, false]);
    expect(checks[0]?.remedy).toContain('ARCHWAY_PUBLIC_URL');
    expect(checks[2]?.detail).toContain('ECONNREFUSED');
  });
});

describe('a sink', () => {
  it('is added, shown with its guarantees, and without its credentials', async () => {
    const { status, body } = await api.call('POST', '/v1/sinks', {
      body: { type: 'shelf', name: 'archive', settings: { shelf: 'setup', password: 'open sesame' } },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'archive',
      type: 'shelf',
      settings: { shelf: 'setup', password: '••••' },
      guarantees: { immutable: false, dedupes: true, inspectable: true, attachments: false },
      trouble: null,
      waiting: 0,
      delivered: 0,
      dead: 0,
    });
    expect((await api.call('GET', '/v1/sinks/archive')).body).toEqual(body);
    expect((await api.call('GET', '/v1/sinks')).body.data).toEqual([body]);
  });

  it('that cannot be opened is refused with its reason', async () => {
    const { status, body } = await api.call('POST', '/v1/sinks', {
      body: { type: 'shelf', name: 'x', settings: { shelf: 'missing' } },
    });
    expect(status).toBe(400);
    expect(body.detail).toContain('There is no such shelf.');
    const unknown = await api.call('POST', '/v1/sinks', { body: { type: 'tape', name: 'x', settings: {} } });
    expect(unknown.body.detail).toContain('Installed: shelf, mailbox');
  });

  it('that is in trouble says why and what to do', async () => {
    await api.database.sql`update sinks set pauses = 1, paused_until = now() + interval '1 minute',
      failure_kind = 'unavailable', failure = 'No answer.'`;
    const { body } = await api.call('GET', '/v1/sinks/archive');
    expect(body.trouble).toMatchObject({ kind: 'unavailable', message: 'No answer.' });
    expect(body.trouble.explanation).toContain('bring it back');
    expect((await api.call('GET', '/v1/status')).body.sinks).toMatchObject([{ trouble: body.trouble }]);
  });
});

describe('a custodian', () => {
  it('is added with addresses in their canonical form', async () => {
    const { status, body } = await api.call('POST', '/v1/custodians', {
      body: { name: 'Grace', addresses: ['whatsapp:+12025550105', 'Grace@Example.com'] },
    });
    expect(status).toBe(201);
    expect(body.addresses).toEqual(['+12025550105', 'grace@example.com']);
    expect((await api.call('GET', '/v1/custodians')).body.data).toEqual([body]);
  });

  it('needs a name and an address that UTF-8 can hold', async () => {
    for (const body of [
      { name: ' ', addresses: ['+12025550105'] },
      { name: 'Grace', addresses: [] },
      { name: 'Grace', addresses: ['\ud800'] },
    ]) {
      expect((await api.call('POST', '/v1/custodians', { body })).status).toBe(400);
    }
  });
});
