import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { deviations, findOperation } from '../../../test/support/openapi-check.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api?.close());

const open = ['/openapi.json', '/metrics', '/readyz'];
const someId = '018f0000-0000-7000-8000-000000000000';

function routes(): { method: string; path: string }[] {
  const named = api.app.routes.filter(({ method }) => method !== 'ALL');
  const unique = new Map(named.map(({ method, path }) => [`${method} ${path}`, { method, path }]));
  return [...unique.values()].map(({ method, path }) => ({ method, path: path.replace(':id', someId) }));
}

describe('every route', () => {
  it('is there', () => {
    expect(routes().length).toBeGreaterThanOrEqual(23);
  });

  it('stands in the OpenAPI document', () => {
    const missing = routes().filter(
      ({ method, path }) => findOperation(api.document, method, path) === undefined,
    );
    expect(missing).toEqual([]);
  });

  it('refuses a request without a key, and says so in the document, but for what machines ask', async () => {
    for (const { method, path } of routes()) {
      const { status } = await api.call(method, path, { key: null });
      const security = findOperation(api.document, method, path)?.security;
      if (open.includes(path)) {
        expect({ path, status, security }).toEqual({ path, status: 200, security: undefined });
      } else {
        expect({ path, status, security }).toEqual({ path, status: 401, security: [{ apiKey: [] }] });
      }
    }
  });

  it('refuses a key that may only read when it changes something', async () => {
    const key = await api.addKey(['read']);
    for (const { method, path } of routes().filter((route) => route.method !== 'GET')) {
      expect({ path, status: (await api.call(method, path, { key })).status }).toEqual({ path, status: 403 });
    }
  });

  it('that lists gives pages, and takes no filter that it does not know', async () => {
    const lists = routes().filter(
      ({ method, path }) =>
        method === 'GET' && !path.includes(someId) && !open.includes(path) && !path.endsWith('status'),
    );
    expect(lists.length).toBeGreaterThanOrEqual(9);
    for (const { path } of lists) {
      const { body } = await api.call('GET', `${path}?limit=1`);
      expect(Object.keys(body)).toEqual(['data', 'next']);
      for (const query of ['accuont=desk', 'limit=0', 'limit=501', 'limit=x', 'cursor=nonsense']) {
        const { status, body: wrong } = await api.call('GET', `${path}?${query}`);
        expect({ path, query, status }).toEqual({ path, query, status: 400 });
        expect(wrong.errors[0]).toContain(query === 'accuont=desk' ? 'accuont' : query.split('=')[0]);
      }
    }
  });
});

describe('the check that every answer of these tests passes', () => {
  const list = () => findOperation(api.document, 'GET', '/v1/custodians')!;
  const check = (status: number, contentType: string, body: unknown) =>
    deviations(api.document, list(), { status, contentType, body });
  const custodian = { id: someId, name: 'Ada', addresses: [] };

  it('lets a right answer pass', () => {
    expect(check(200, 'application/json', { data: [custodian], next: null })).toEqual([]);
  });

  it('finds a status, a media type and fields that are not as documented', () => {
    const page = { data: [custodian], next: null };
    expect(check(418, 'application/json', page)).toHaveLength(1);
    expect(check(200, 'text/html', page)).toHaveLength(1);
    expect(check(200, 'application/json', { ...page, total: 1 })).toHaveLength(1);
    expect(check(200, 'application/json', { data: [{ ...custodian, id: 7 }], next: null })).toHaveLength(1);
    expect(check(200, 'application/json', { data: [{ ...custodian, salary: 7 }], next: null })).toHaveLength(
      1,
    );
    expect(check(200, 'application/json', { data: [] })).toHaveLength(1);
  });
});

describe('a request that fits no route', () => {
  it('is 404 for an unknown path, and 405 with the methods for a known one', async () => {
    expect((await api.call('GET', '/nowhere', { key: null })).body).toMatchObject({
      status: 404,
      title: 'Not Found',
    });
    expect((await api.call('GET', '/v1/nowhere')).status).toBe(404);
    const { status, headers, body } = await api.call('DELETE', '/v1/accounts');
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('GET, POST');
    expect(headers.get('content-type')).toBe('application/problem+json');
    expect(body.detail).toContain('DELETE');
  });

  it('tells a stranger nothing about which paths exist', async () => {
    expect((await api.call('GET', '/v1/nowhere', { key: null })).status).toBe(401);
    expect((await api.call('DELETE', '/v1/accounts', { key: null })).status).toBe(401);
  });
});

describe('a body', () => {
  it('must be JSON', async () => {
    const { status, body } = await api.call('POST', '/v1/custodians', { body: '{"name":' });
    expect(status).toBe(400);
    expect(body.detail).toContain('JSON');
  });

  it('must say that it is JSON: a list of ids that is not read would replay everything', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const { status, body } = await api.call('POST', '/v1/quarantine/replay', {
      body: '{"ids":[]}',
      headers: form,
    });
    expect(status).toBe(415);
    expect(body.detail).toContain('application/json');
  });

  it('must not be larger than 1 MB', async () => {
    const name = 'x'.repeat(1024 * 1024);
    const { status } = await api.call('POST', '/v1/custodians', {
      body: { name, addresses: ['+12025550101'] },
    });
    expect(status).toBe(413);
  });

  it('must have no key that is not known', async () => {
    const { status, body } = await api.call('POST', '/v1/dead-letters/replay', { body: { id: [someId] } });
    expect(status).toBe(400);
    expect(body.errors.join()).toContain('id');
  });

  it('is told in plain words what is wrong with it', async () => {
    const refused = async (body: unknown) => (await api.call('POST', '/v1/custodians', { body })).body.errors;
    expect(await refused({ addresses: ['+12025550101'] })).toEqual(['name: is missing']);
    expect(await refused({ name: ' ', addresses: ['+12025550101'] })).toEqual(['name: must not be empty']);
    const name = 'x'.repeat(201);
    expect(await refused({ name, addresses: ['+12025550101'] })).toEqual([
      'name: must not be longer than 200 characters',
    ]);
  });
});

describe('what is not there', () => {
  it.each([
    [
      '/v1/accounts/nowhere',
      'There is no account nowhere in this instance. Those that there are: see the list of accounts.',
    ],
    [
      `/v1/messages/${someId}`,
      `There is no message ${someId} in this instance. Those that there are: see the list of messages.`,
    ],
  ])('is answered with where to look: %s', async (path, detail) => {
    expect((await api.call('GET', path)).body).toMatchObject({ status: 404, detail });
  });

  it('is no id at all: the answer says what one is', async () => {
    const { body } = await api.call('GET', '/v1/messages/nonsense');
    expect(body).toMatchObject({ status: 400, errors: ['id: must be a whole id, as the lists show it'] });
  });
});

describe('what machines ask', () => {
  it('is metrics, without any label that names a person', async () => {
    const { headers, body } = await api.call('GET', '/metrics', { key: null });
    expect(headers.get('content-type')).toContain('text/plain');
    expect(body).toContain('archway_webhook_requests_total');
  });

  it('is readiness, which ends with the database', async () => {
    const other = await startTestApi();
    expect((await other.call('GET', '/readyz', { key: null })).body).toEqual({ status: 'ready' });
    await other.close();
    const { status, body } = await other.call('GET', '/readyz', { key: null });
    expect(status).toBe(503);
    expect(body.detail).toContain('The database does not answer');
    const listed = await other.call('GET', '/v1/messages');
    expect(listed.status).toBe(503);
    expect(listed.body.detail).toContain('The database cannot be reached');
  });

  it('is a document of version 3.1 with the security scheme', () => {
    expect(api.document).toMatchObject({
      openapi: '3.1.0',
      components: { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } },
    });
  });
});
