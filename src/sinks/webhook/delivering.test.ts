import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { Delivery, FailureKind, OpenSink, Outcome } from 'archway/sdk';
import { sampleDeliveries, sampleText } from 'archway/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import webhook from './index.js';
import { bodyOf, ModelReceiver, otherSecret, serve, testSecret } from './testing.js';

const now = '2026-11-23T10:00:00.000Z';
const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** Sequence numbers of the envelopes. */
  readonly sequences: number[];
}

/** What the receiver answers to a request, by the sequence numbers of its envelopes. */
type Answering = (sequences: readonly number[]) => {
  status: number;
  headers?: Record<string, string>;
  body?: string;
};

/** A sink, and a receiver that answers as told and remembers what came. */
async function prepare(answering: Answering, settings: Record<string, unknown> = {}) {
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const body = await bodyOf(request);
    const { data } = JSON.parse(body.toString()) as { data: { envelope: string }[] };
    const sequences = data.map(({ envelope }) => JSON.parse(envelope).skeleton.sequence as number);
    received.push({ headers: request.headers, body, sequences });
    const { status, headers = {}, body: text = '' } = answering(sequences);
    response.writeHead(status, headers).end(text);
  };
  const server = await serve(listener);
  open.push(server);
  const sink = await webhook.open(
    webhook.settings.parse({ url: server.url, secret: testSecret, allowPrivate: true, ...settings }),
    { now: () => new Date(now) },
  );
  open.push(sink);
  return { sink, received, server };
}

function deliver(sink: OpenSink, deliveries: readonly Delivery[] = sampleDeliveries()): Promise<Outcome[]> {
  return sink.deliver(deliveries, new AbortController().signal);
}

const kinds = (outcomes: readonly Outcome[]) => outcomes.map((one) => (one.ok ? 'ok' : one.failure.kind));

describe('a request', () => {
  test('is a signed POST of JSON to the path and query of the url', async () => {
    const { sink, received } = await prepare(() => ({ status: 204 }));
    await deliver(sink);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'webhook-id': expect.stringMatching(/^msg_[\w-]{24}$/),
      'webhook-timestamp': String(Date.parse(now) / 1_000),
      'webhook-signature': expect.stringMatching(/^v1,[\w+/]{43}=$/),
    });
  });

  test('has two signatures during a rotation', async () => {
    const { sink, received } = await prepare(() => ({ status: 204 }), { previousSecret: otherSecret });
    await deliver(sink);
    expect(received[0]?.headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/);
  });

  test('has the same id and body when it is tried again, also by another process', async () => {
    let status = 503;
    const { sink, received, server } = await prepare(() => ({ status }), { batch: 3 });
    const deliveries = sampleDeliveries({ count: 3 });
    await deliver(sink, deliveries);
    status = 200;
    const settings = { url: server.url, secret: otherSecret, allowPrivate: true, batch: 3 };
    const later = await webhook.open(webhook.settings.parse(settings), { now: () => new Date() });
    open.push(later);
    expect(kinds(await deliver(later, deliveries))).toEqual(['ok', 'ok', 'ok']);
    expect(received[1]?.body).toEqual(received[0]?.body);
    expect(received[1]?.headers['webhook-id']).toBe(received[0]?.headers['webhook-id']);
  });

  test('that comes twice leaves one of each with a receiver that keeps to README.md', async () => {
    const receiver = new ModelReceiver();
    const server = await serve(receiver.listener);
    open.push(server);
    const settings = { url: server.url, secret: testSecret, allowPrivate: true };
    const deliveries = sampleDeliveries({ count: 6 });
    // In other batches, as after a restart.
    for (const batch of [2, 4]) {
      const sink = await webhook.open(webhook.settings.parse({ ...settings, batch }), {
        now: () => new Date(),
      });
      open.push(sink);
      expect(kinds(await deliver(sink, deliveries))).toEqual(Array(6).fill('ok'));
    }
    expect([...receiver.kept.keys()]).toEqual(deliveries.map(({ idempotencyKey }) => idempotencyKey));
  });
});

describe('evidence', () => {
  test('names the message and the place in it, the digest and the time', async () => {
    const { sink, received } = await prepare(() => ({ status: 200 }), { batch: 2 });
    const outcomes = await deliver(sink, sampleDeliveries({ count: 2 }));
    const id = received[0]?.headers['webhook-id'];
    expect(outcomes).toMatchObject(
      [0, 1].map((index) => ({
        evidence: {
          locator: `${id}/${index}`,
          sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
          storedAt: now,
        },
      })),
    );
  });

  test.each([
    ['req_5.a:b-1', / x-request-id=req_5\.a:b-1$/],
    ['two words', /\/0$/],
    ['x'.repeat(101), /\/0$/],
  ])("adds the receiver's own id when it is plain: %s", async (id, locator) => {
    const { sink } = await prepare(() => ({ status: 202, headers: { 'x-request-id': id } }));
    expect((await deliver(sink))[0]).toMatchObject({ evidence: { locator: expect.stringMatching(locator) } });
  });
});

const statuses: readonly (readonly [FailureKind, readonly number[]])[] = [
  ['config', [300, 301, 302, 303, 304, 307, 308, 404, 405, 406, 410, 411, 414, 415, 421, 426, 431]],
  ['auth', [401, 403, 407]],
  ['throttled', [429]],
  ['unavailable', [408, 425, 500, 501, 502, 503, 504, 507, 520, 599]],
  ['rejected', [400, 402, 409, 412, 413, 418, 422, 424, 451, 499]],
];

describe('an answer', () => {
  test.each([200, 201, 202, 204, 206, 299])('of %d is success', async (status) => {
    const { sink } = await prepare(() => ({ status }));
    expect(kinds(await deliver(sink))).toEqual(['ok']);
  });

  test.each(statuses.flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const)))(
    'of %d is %s, and what it says is not repeated',
    async (status, kind) => {
      // 304 has no body by its nature.
      const body = status === 304 ? '' : `${sampleText} ${testSecret}`;
      const { sink } = await prepare(() => ({
        status,
        body,
        headers: { 'x-echo': 'echoed', location: '/echoed' },
      }));
      const [outcome] = await deliver(sink);
      expect(outcome).toMatchObject({ failure: { kind, message: expect.stringContaining(String(status)) } });
      expect(JSON.stringify(outcome) + (outcome?.ok === false ? outcome.failure.message : '')).not.toMatch(
        /ACME|whsec|echoed/,
      );
    },
  );

  test('that redirects is not followed, and says what to do', async () => {
    const elsewhere = await prepare(() => ({ status: 200 }));
    const { sink } = await prepare(() => ({ status: 307, headers: { location: elsewhere.server.url } }));
    expect((await deliver(sink))[0]).toMatchObject({
      failure: { message: expect.stringMatching(/redirects are not followed; set url to/) },
    });
    expect(elsewhere.received).toEqual([]);
  });

  test.each([
    [429, '30', 30_000],
    [503, '30', 30_000],
    [503, 'Mon, 23 Nov 2026 10:02:00 GMT', 120_000],
    [429, 'soon', undefined],
    [500, '9'.repeat(30), 86_400_000],
  ])('of %d with Retry-After %s asks for %s ms', async (status, retryAfter, retryAfterMs) => {
    const { sink } = await prepare(() => ({ status, headers: { 'retry-after': retryAfter } }));
    const [outcome] = await deliver(sink);
    expect(outcome?.ok === false && outcome.failure.retryAfterMs).toBe(retryAfterMs);
  });
});

describe('a batch', () => {
  const seven = sampleDeliveries({ count: 7 });

  test('that is refused is sent one by one, so that only what is refused is rejected', async () => {
    const { sink, received } = await prepare((numbers) => ({ status: numbers.includes(2) ? 422 : 200 }), {
      batch: 3,
    });
    expect(kinds(await deliver(sink, seven))).toEqual(['ok', 'rejected', 'ok', 'ok', 'ok', 'ok', 'ok']);
    expect(received.map(({ sequences }) => sequences)).toEqual([[1, 2, 3], [1], [2], [3], [4, 5, 6], [7]]);
  });

  test('that is too large for the receiver is sent one by one', async () => {
    const { sink } = await prepare((numbers) => ({ status: numbers.length > 1 ? 413 : 200 }), { batch: 100 });
    expect(kinds(await deliver(sink, seven))).toEqual(Array(7).fill('ok'));
  });

  test('that fails for now holds back all that is behind it', async () => {
    const { sink, received } = await prepare((numbers) => ({ status: numbers.includes(5) ? 503 : 200 }), {
      batch: 2,
    });
    const outcomes = await deliver(sink, seven);
    expect(kinds(outcomes)).toEqual([...Array(4).fill('ok'), ...Array(3).fill('unavailable')]);
    expect(received.map(({ sequences }) => sequences)).toEqual([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    expect(outcomes[6]).toMatchObject({ failure: { message: expect.stringContaining('older envelope') } });
  });

  test('of which one fails for now when sent alone holds back the rest of it, and those behind it', async () => {
    const answering: Answering = (numbers) => {
      if (numbers.length > 1) return { status: 400 };
      return { status: numbers[0] === 1 ? 400 : numbers[0] === 3 ? 500 : 200 };
    };
    const { sink, received } = await prepare(answering, { batch: 4 });
    expect(kinds(await deliver(sink, seven))).toEqual(['rejected', 'ok', ...Array(5).fill('unavailable')]);
    expect(received.map(({ sequences }) => sequences)).toEqual([[1, 2, 3, 4], [1], [2], [3]]);
  });

  test('goes on behind what is rejected for good', async () => {
    const { sink } = await prepare((numbers) => ({ status: (numbers[0] as number) % 2 === 0 ? 400 : 200 }));
    expect(kinds(await deliver(sink, seven))).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((number) => (number % 2 === 0 ? 'rejected' : 'ok')),
    );
  });
});

test('an envelope of two megabytes is sent, and the receiver judges it', async () => {
  const { sink, received } = await prepare(() => ({ status: 413 }));
  const [delivery] = sampleDeliveries() as [Delivery];
  const { envelope } = delivery;
  const bytes = Buffer.from(JSON.stringify({ ...envelope, salt: 'x'.repeat(2 * 1024 * 1024) }));
  expect(kinds(await deliver(sink, [{ ...delivery, bytes }]))).toEqual(['rejected']);
  expect(received[0]?.body.byteLength).toBeGreaterThan(bytes.byteLength);
});
