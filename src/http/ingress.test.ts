import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  contactNumber,
  message,
  says,
  scriptedConnector,
  token,
} from '../../test/pipeline/support/connector.js';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { Ingest } from '../pipeline/ingest.js';
import { Spool } from '../pipeline/spool.js';
import type { Capture, Connector, WebhookEndpoint } from '../sdk/index.js';
import { createIngress } from './ingress.js';

type Endpoint = WebhookEndpoint<Record<string, unknown>>;

let test: TestDatabase;
let directory: string;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-ingress-'));
});
afterEach(() => rm(directory, { recursive: true }));

const publicUrl = 'https://gateway.example.com/archway';
const bodyMaxBytes = 10_000;

async function open(endpoint: Partial<Endpoint> = {}) {
  const base = scriptedConnector();
  const webhooks = { messages: { ...(base.webhooks.messages as Endpoint), ...endpoint } };
  const world = await World.open(test.database, { connector: { ...base, webhooks } as Connector });
  const spool = await Spool.open({ directory, freeMinBytes: 0 });
  const ingest = new Ingest({ ...world, spool });
  const app = createIngress({ ...world, ingest, publicUrl, bodyMaxBytes });
  const post = (init: RequestInit = {}, path = `/webhooks/${world.account.id}/messages`) =>
    app.request(path, { method: 'POST', headers: { 'x-token': token }, body: 'hello', ...init });
  return { world, ingest, app, post };
}

const captured = async (world: World) => (await world.captureStates()).length;

async function expectProblem(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as { status: number; detail: string };
  expect(problem.status).toBe(status);
  expect(problem.detail.length).toBeGreaterThan(10);
}

describe('the public listener', () => {
  it('has three routes and nothing else', async () => {
    const { app } = await open();
    const routes = new Set(app.routes.map(({ method, path }) => `${method} ${path}`));
    expect([...routes].sort()).toEqual([
      'GET /healthz',
      'GET /media/:token',
      'POST /webhooks/:account/:endpoint',
    ]);
  });

  it('says that it is alive', async () => {
    const { app } = await open();
    const response = await app.request('/healthz');
    expect([response.status, await response.text()]).toEqual([200, 'ok']);
  });

  it.each([
    ['GET', '/'],
    ['GET', '/v1/messages'],
    ['GET', '/metrics'],
    ['GET', '/openapi.json'],
    ['POST', '/healthz'],
    ['POST', '/webhooks/only-one'],
    ['GET', '/webhooks/a/b'],
    ['PUT', '/webhooks/a/b'],
  ])('answers 404 to %s %s', async (method, path) => {
    const { app } = await open();
    await expectProblem(await app.request(path, { method }), 404);
  });
});

describe('a webhook request', () => {
  it('is answered after its capture is committed', async () => {
    const { world, post } = await open();
    const response = await post();
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(await captured(world)).toBe(1);
  });

  it.each([
    ['an account that is unknown', (_: World) => '/webhooks/0190a0b0-0000-7000-8000-000000000000/messages'],
    ['an account that is no id', () => "/webhooks/'; drop table captures;--/messages"],
    ['an endpoint that is unknown', (world: World) => `/webhooks/${world.account.id}/voice`],
    ['an endpoint that every object has', (world: World) => `/webhooks/${world.account.id}/constructor`],
  ])('for %s is answered 404', async (_, path) => {
    const { world, post } = await open();
    await expectProblem(await post({}, path(world)), 404);
    expect(await captured(world)).toBe(0);
  });

  it.each([
    ['missing', {}],
    ['wrong', { 'x-token': 'guess' }],
  ])('whose signature is %s is answered 403 and leaves nothing', async (_, headers) => {
    const { world, post } = await open();
    await expectProblem(await post({ headers: headers as Record<string, string> }), 403);
    expect(await captured(world)).toBe(0);
    expect(world.logged.join('')).toContain('Refused');
  });

  it('is not taken when the verifier throws or says nothing clear', async () => {
    for (const verify of [
      () => {
        throw new Error(`${contactNumber} wrote`);
      },
      () => ({ ok: 'yes' }),
      () => undefined,
      () => Promise.resolve({ ok: true }),
    ]) {
      const { world, post } = await open({ verify: verify as unknown as Endpoint['verify'] });
      expect([403, 503]).toContain((await post()).status);
      expect(await captured(world)).toBe(0);
      expect(world.logged.join('')).not.toContain(contactNumber);
    }
  });

  it.each([
    [
      'with its length',
      (body: string): RequestInit => ({ body, headers: { 'content-length': `${body.length}` } }),
    ],
    [
      'without a length',
      (body: string): RequestInit => ({ body: new Blob([body]).stream(), duplex: 'half' }) as RequestInit,
    ],
  ])('that is too large, sent %s, is answered 413', async (_, init) => {
    const { world, post } = await open();
    await expectProblem(await post(init('x'.repeat(bodyMaxBytes + 1))), 413);
    expect(await captured(world)).toBe(0);
  });

  it('that cannot be kept is answered 503 with Retry-After, and tells no stranger why', async () => {
    const { ingest, post } = await open();
    vi.spyOn(ingest, 'accept').mockRejectedValue(new Error(`ENOSPC, open '${directory}'`));
    const response = await post();
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await response.clone().text()).not.toContain(directory);
    await expectProblem(response, 503);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('oops');
      },
    ],
    ['is no success', () => ({ status: 500, headers: {}, body: '' })],
    ['is impossible', () => ({ status: 204, headers: {}, body: 'a body' })],
  ])('is answered 200 when it is committed but the reply %s', async (_, reply) => {
    const { world, post } = await open({ reply });
    expect((await post()).status).toBe(200);
    expect(await captured(world)).toBe(1);
  });
});

describe('what a provider is asked for before its answer', () => {
  it('is done after the commit and before the reply', async () => {
    const order: string[] = [];
    const { world, post } = await open({
      beforeReply: async (capture, { settings }) => {
        expect(settings).toEqual(world.account.settings);
        order.push(`asked, ${await captured(world)} committed`, Buffer.from(capture.body).toString());
      },
      reply: () => {
        order.push('reply');
        return { status: 200, headers: {}, body: '' };
      },
    });
    expect((await post()).status).toBe(200);
    expect(order).toEqual(['asked, 1 committed', 'hello', 'reply']);
  });

  it('keeps no answer back when it fails', async () => {
    const { world, post } = await open({
      beforeReply: () => Promise.reject(new Error('oops')),
      reply: () => ({ status: 202, headers: {}, body: '' }),
    });
    expect((await post()).status).toBe(202);
    expect(await captured(world)).toBe(1);
  });

  it('is not done for what is refused', async () => {
    const beforeReply = vi.fn(async () => undefined);
    const { post } = await open({ beforeReply });
    expect((await post({ headers: {} })).status).toBe(403);
    expect(beforeReply).not.toHaveBeenCalled();
  });

  it('keeps no answer back when it never ends', async () => {
    const late = new AbortController();
    const { post } = await open({
      beforeReply: () => {
        late.abort(new Error('The time is up.'));
        return new Promise(() => undefined);
      },
    });
    const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(late.signal);
    expect((await post()).status).toBe(200);
    timeout.mockRestore();
  });
});

describe('what a connector verifies', () => {
  it.each([
    [{ host: 'evil.example' }],
    [{ 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http', 'x-forwarded-port': '1' }],
    [{ forwarded: 'host=evil.example;proto=http' }],
    [{ 'x-original-url': '/evil' }],
  ])('is a URL from the configuration, whatever the headers say: %j', async (headers) => {
    const urls: string[] = [];
    const verify = (capture: Capture) => {
      urls.push(capture.url);
      return { ok: true as const };
    };
    const { world, app } = await open({ verify });
    const path = `/webhooks/${world.account.id}/messages`;
    const target = `http://evil.example${path}?a=1&a=%20&b=%C3%BC&c`;
    await app.request(target, { method: 'POST', headers, body: '' });
    expect(urls).toEqual([`${publicUrl}${path}?a=1&a=%20&b=%C3%BC&c`]);
  });

  it('is the body byte for byte, and header names in lower case', async () => {
    const seen: Capture[] = [];
    const verify = (capture: Capture) => {
      seen.push(capture);
      return { ok: true as const };
    };
    const { post } = await open({ verify });
    const body = Buffer.from([0, 255, 254, 13, 10, 192]);
    await post({ body, headers: { 'X-Odd': 'One' } });
    expect(Buffer.from(seen[0]!.body).equals(body)).toBe(true);
    expect(seen[0]!.headers['x-odd']).toBe('One');
  });
});

describe('the log of the public listener', () => {
  it('holds neither text nor number nor credential, also when the database refuses', async () => {
    const { world, post } = await open();
    const secretive = JSON.stringify(says(message('m1', { text: 'sell everything' })));
    await post({ body: secretive });
    await post({ body: secretive, headers: {} });
    await test.database.sql`alter table captures rename to captures_away`;
    const refused = await post({ body: secretive });
    await test.database.sql`alter table captures_away rename to captures`;
    expect(refused.status).toBe(503);
    expect(world.logged.length).toBeGreaterThan(1);
    expect(world.logged.join('')).not.toMatch(/sell everything|2025550|token-of-the-account|params/);
  });
});
