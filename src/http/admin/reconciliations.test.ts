import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { testConnector } from '../../../test/support/test-plugins.js';
import { createRegistry } from '../../plugins/registry.js';
import type { Connector } from '../../sdk/index.js';

const listing = {
  ...testConnector,
  id: 'test-list',
  capabilities: { ...testConnector.capabilities, gaps: 'recoverable', listedDays: 30 },
  async *reconcile() {
    // Nothing runs here that would ask.
  },
} as unknown as Connector;

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ registry: createRegistry([testConnector as never, listing], []) });
  const settings = { token: 'hush-hush', numbers: '+12025550100' };
  for (const [name, connector] of [
    ['desk', 'test-list'],
    ['chat', 'test-chat'],
  ]) {
    await api.call('POST', '/v1/accounts', { body: { connector, name, settings } });
  }
});
afterAll(() => api?.close());

const hour = 60 * 60 * 1_000;
const hoursAgo = (hours: number) => new Date(Date.now() - hours * hour).toISOString();
const reconcile = (body: unknown, account = 'desk') =>
  api.call('POST', `/v1/accounts/${account}/reconcile`, { body });
const list = async (query = '') => (await api.call('GET', `/v1/reconciliations${query}`)).body;

describe('a window that an operator asks for', () => {
  it('is on the list, in the audit trail, and ends now when no end is named', async () => {
    const [since, until] = [hoursAgo(3), hoursAgo(2)];
    const { status, body } = await reconcile({ since, until });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      cause: 'operator',
      state: 'pending',
      since,
      until,
      listedUntil: since,
      ...{ observed: 0, recorded: 0, missing: 0, late: 0 },
      ...{ failure: null, failureKind: null, startedAt: null, endedAt: null },
    });
    const [act] = await api.database
      .sql`select action, subject from audit_trail order by position desc limit 1`;
    expect(act).toEqual({ action: 'account.reconcile', subject: body.account });
    const { body: open } = await reconcile({ since });
    expect(Date.parse(open.until)).toBeGreaterThan(Date.parse(hoursAgo(1)));
    expect((await list()).data).toEqual([open, body]);
  });

  it('may be asked for again', async () => {
    const window = { since: hoursAgo(5), until: hoursAgo(4) };
    const [first, second] = [await reconcile(window), await reconcile(window)];
    expect([first.status, second.status]).toEqual([202, 202]);
    expect(second.body.id).not.toBe(first.body.id);
  });

  it('never ends in the future, nor begins before what the provider still lists', async () => {
    const { body } = await reconcile({ since: hoursAgo(40 * 24), until: hoursAgo(-5) });
    expect(Date.parse(body.until)).toBeLessThanOrEqual(Date.now());
    expect(Date.parse(body.since)).toBeGreaterThan(Date.parse(hoursAgo(31 * 24)));
  });

  it.each([
    ['is empty', { since: hoursAgo(1), until: hoursAgo(2) }],
    ['lies in the future', { since: hoursAgo(-1) }],
    ['lies before what the provider still lists', { since: hoursAgo(50 * 24), until: hoursAgo(40 * 24) }],
  ])('is refused when it %s', async (_, window) => {
    const { status, body } = await reconcile(window);
    expect(status).toBe(409);
    expect(body.detail).toContain('Give a `since`');
  });

  it.each([{}, { since: 'yesterday' }, { since: hoursAgo(1), untill: hoursAgo(0) }])(
    'is refused when it is no window: %j',
    async (window) => {
      expect((await reconcile(window)).status).toBe(400);
    },
  );

  it('is refused where nobody can list, and where there is no account', async () => {
    const { status, body } = await reconcile({ since: hoursAgo(1) }, 'chat');
    expect(status).toBe(409);
    expect(body.detail).toContain('test-chat cannot list');
    expect((await reconcile({ since: hoursAgo(1) }, 'nobody')).status).toBe(404);
  });
});

it('lists in pages, the newest first, those of the own instance only', async () => {
  const all = (await list()).data.map(({ id }: { id: string }) => id);
  const seen: string[] = [];
  for (let query = '?limit=2'; ; ) {
    const { data, next } = await list(query);
    seen.push(...data.map(({ id }: { id: string }) => id));
    if (next === null) break;
    query = `?limit=2&cursor=${next}`;
  }
  expect(seen).toEqual(all);
  expect(all).toEqual([...all].sort().reverse());
  const other = (await api.tenants.create('other'))!;
  const key = await api.addKey(['read'], other.id);
  expect((await api.call('GET', '/v1/reconciliations', { key })).body.data).toEqual([]);
});
