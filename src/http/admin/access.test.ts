import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { createApiKey } from '../../vault/index.js';

let api: TestApi;
let other: string;
let scopedKey: string;
beforeAll(async () => {
  api = await startTestApi();
  other = (await api.call('POST', '/v1/instances', { body: { name: 'other' } })).body.id;
  scopedKey = await api.addKey(['admin'], other);
});
afterAll(() => api?.close());

describe('an API key', () => {
  it.each([
    ['none', null],
    ['one that nobody made', createApiKey()],
    ['one in another form', 'secret'],
  ])('is needed: %s is refused', async (_, key) => {
    const { status, headers, body } = await api.call('GET', '/v1/messages', { key });
    expect(status).toBe(401);
    expect(headers.get('www-authenticate')).toBe('Bearer');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.detail).toContain('API key');
  });

  it('that was revoked is refused', async () => {
    const key = await api.addKey(['admin']);
    expect((await api.call('GET', '/v1/status', { key })).status).toBe(200);
    await api.database
      .sql`update api_keys set revoked_at = now() where id = (select max(id::text)::uuid from api_keys)`;
    expect((await api.call('GET', '/v1/status', { key })).status).toBe(401);
  });

  it('without a scope is refused', async () => {
    expect((await api.call('GET', '/v1/status', { key: await api.addKey([]) })).status).toBe(401);
  });

  it('with the scope read may read', async () => {
    const key = await api.addKey(['read']);
    const { status, headers } = await api.call('GET', '/v1/status', { key });
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('never stands in the log', () => {
    expect(api.logged.join()).not.toContain(api.adminKey);
  });
});

describe('an instance', () => {
  it('is named by its name or its id, and is `default` when nobody says', async () => {
    await api.call('POST', '/v1/custodians?instance=other', {
      body: { name: 'Ada', addresses: ['+12025550111'] },
    });
    const count = async (query: string) => (await api.call('GET', `/v1/custodians${query}`)).body.data.length;
    expect(await count('?instance=other')).toBe(1);
    expect(await count(`?instance=${other}`)).toBe(1);
    expect(await count('')).toBe(0);
  });

  it('is, for a key of one instance, that one', async () => {
    const { body } = await api.call('GET', '/v1/custodians', { key: scopedKey });
    expect(body.data).toMatchObject([{ name: 'Ada', addresses: ['+12025550111'] }]);
  });

  it('that the key may not see is as unknown as one that does not exist', async () => {
    const hidden = await api.call('GET', `/v1/custodians?instance=${api.tenant.id}`, { key: scopedKey });
    const absent = await api.call('GET', '/v1/custodians?instance=nobody', { key: scopedKey });
    expect([hidden.status, absent.status]).toEqual([404, 404]);
    expect(hidden.body.detail.replace(api.tenant.id, 'nobody')).toBe(absent.body.detail);
    const { body } = await api.call('GET', '/v1/instances', { key: scopedKey });
    expect(body.data).toMatchObject([{ id: other, name: 'other' }]);
  });

  it('is made by keys for all instances only', async () => {
    const { status, body } = await api.call('POST', '/v1/instances', {
      key: scopedKey,
      body: { name: 'third' },
    });
    expect(status).toBe(403);
    expect(body.detail).toContain('one instance');
  });

  it('has a name of its own that a URL can hold', async () => {
    expect((await api.call('POST', '/v1/instances', { body: { name: 'other' } })).status).toBe(409);
    for (const name of ['', 'With Blank', api.tenant.id, 'a'.repeat(64)]) {
      expect((await api.call('POST', '/v1/instances', { body: { name } })).status).toBe(400);
    }
  });

  it('is written into the audit trail with the key that made it', async () => {
    const rows = await api.database
      .sql`select instance_id, actor, subject from audit_trail where action = 'instance.add'`;
    expect(rows).toMatchObject([{ instance_id: other, subject: other }]);
    const [key] = await api.database.sql`select name from api_keys where id = ${rows[0]!.actor}`;
    expect(key?.name).toBe('test');
  });
});
