import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { OpenSink, Outcome } from 'archway/sdk';
import { sampleDeliveries } from 'archway/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { openWebhook } from './open.js';
import { settingsSchema } from './settings.js';
import { listen, ModelReceiver, serve, testSecret } from './testing.js';

const open: AsyncDisposable[] = [];

afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** Times are short here, below what the settings allow, so that the tests are. */
async function sinkTo(url: string, timeoutMs = 5_000): Promise<OpenSink> {
  const settings = settingsSchema.parse({ url, secret: testSecret, allowPrivate: true });
  const sink = await openWebhook({ ...settings, timeoutMs }, { now: () => new Date() });
  open.push(sink);
  return sink;
}

/** A server that does with each connection as it is told, from its first bytes on. */
async function rawServer(handle: (socket: Socket, connection: number) => void): Promise<string> {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    const connection = sockets.push(socket);
    // A client that goes away is the matter of the test, not of this server.
    socket.on('error', () => undefined);
    socket.once('data', () => handle(socket, connection));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

const never = new AbortController().signal;
const deliver = (sink: OpenSink, count = 1) => sink.deliver(sampleDeliveries({ count }), never);
const failed = (kind: string, words = '') => ({
  ok: false,
  failure: { kind, message: expect.stringContaining(words) },
});
const kinds = (outcomes: readonly Outcome[]) => outcomes.map((one) => (one.ok ? 'ok' : one.failure.kind));

describe('a receiver', () => {
  test('at which nobody listens is unavailable', async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    const outcomes = await deliver(await sinkTo(server.url), 3);
    expect(outcomes[0]).toMatchObject(failed('unavailable', 'ECONNREFUSED'));
    expect(kinds(outcomes)).toEqual(['unavailable', 'unavailable', 'unavailable']);
  });

  test('that takes the request and says nothing may have it', async () => {
    const url = await rawServer(() => undefined);
    expect((await deliver(await sinkTo(url, 100)))[0]).toMatchObject(
      failed('indeterminate', 'no answer in time'),
    );
  });

  test('that breaks the connection after the request may have it', async () => {
    const url = await rawServer((socket) => socket.resetAndDestroy());
    expect((await deliver(await sinkTo(url)))[0]).toMatchObject(
      failed('indeterminate', 'broke the connection'),
    );
  });

  test('that ends the connection in the midst of the head of its answer may have it', async () => {
    const url = await rawServer((socket) => socket.end('HTTP/1.1 200 OK\r\nconte'));
    expect((await deliver(await sinkTo(url)))[0]).toMatchObject(failed('indeterminate'));
  });

  test('that answers in another protocol is a matter of the url', async () => {
    const url = await rawServer((socket) => socket.end('220 mail.example ESMTP Please sell 500 ACME\r\n'));
    const [outcome] = await deliver(await sinkTo(url));
    expect(outcome).toMatchObject(failed('config', 'does not answer in HTTP'));
    expect(outcome?.ok === false && `${outcome.failure.stack}${outcome.failure.cause}`).not.toContain('ACME');
  });

  test('that is slow, but in time, gets all in order', async () => {
    const receiver = new ModelReceiver();
    const server = await serve((request, response) => {
      setTimeout(() => receiver.listener(request, response), 20);
    });
    open.push(server);
    expect(kinds(await deliver(await sinkTo(server.url), 5))).toEqual(Array(5).fill('ok'));
    expect([...receiver.kept.keys()]).toEqual(
      sampleDeliveries({ count: 5 }).map((one) => one.idempotencyKey),
    );
  });

  test('that says yes has it, whatever becomes of the rest of its answer', async () => {
    const head = 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n';
    const cut = await rawServer((socket) => socket.write(`${head}abc`, () => socket.resetAndDestroy()));
    expect(kinds(await deliver(await sinkTo(cut)))).toEqual(['ok']);
    const hanging = await rawServer((socket) => socket.write(`${head}abc`));
    expect(kinds(await deliver(await sinkTo(hanging, 100)))).toEqual(['ok']);
  });

  test('that answers without end is cut off', async () => {
    let isCut: () => void = () => undefined;
    const cut = new Promise<void>((resolve) => {
      isCut = resolve;
    });
    const url = await rawServer((socket) => {
      socket.once('close', isCut);
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      const pour = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(16_384)));
      };
      socket.on('drain', pour);
      pour();
    });
    expect(kinds(await deliver(await sinkTo(url, 60_000)))).toEqual(['ok']);
    await cut;
  });

  test('that says no in a long answer is heard all the same', async () => {
    const server = await serve((_, response) => response.writeHead(503).end(Buffer.alloc(1_000_000)));
    open.push(server);
    expect((await deliver(await sinkTo(server.url)))[0]).toMatchObject(failed('unavailable', '503'));
  });
});

describe('connections', () => {
  test('are kept open from one request to the next', async () => {
    const receiver = new ModelReceiver();
    const server = createHttpServer(receiver.listener);
    let connections = 0;
    server.on('connection', () => {
      connections += 1;
    });
    const listening = await listen(server);
    open.push(listening);
    const sink = await sinkTo(listening.url);
    expect(kinds(await deliver(sink, 5))).toEqual(Array(5).fill('ok'));
    expect(kinds(await deliver(sink, 5))).toEqual(Array(5).fill('ok'));
    expect(connections).toBe(1);
  });

  test('that the receiver closed while they were idle are no failure', async () => {
    const yes = 'HTTP/1.1 204 No Content\r\n\r\n';
    // The first connection answers once and then breaks when it is used again; the second one works.
    const url = await rawServer((socket, connection) => {
      socket.on('data', () => (connection === 1 ? socket.resetAndDestroy() : socket.write(yes)));
      socket.write(yes);
    });
    expect(kinds(await deliver(await sinkTo(url), 2))).toEqual(['ok', 'ok']);
  });

  test('are closed by disposal, after the request under way was answered', async () => {
    const receiver = new ModelReceiver();
    let arrived: () => void = () => undefined;
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await serve((request, response) => {
      arrived();
      setTimeout(() => receiver.listener(request, response), 50);
    });
    open.push(server);
    const sink = await sinkTo(server.url);
    const delivering = deliver(sink, 3);
    await arrival;
    await sink[Symbol.asyncDispose]();
    expect(kinds(await delivering)).toEqual(['ok', 'unavailable', 'unavailable']);
    expect(receiver.kept.size).toBe(1);
    await sink[Symbol.asyncDispose]();
  });
});

test('an abort cuts the request under way short: it may have arrived, and those behind it have not', async () => {
  const abort = new AbortController();
  const url = await rawServer(() => abort.abort());
  const sink = await sinkTo(url);
  const outcomes = await sink.deliver(sampleDeliveries({ count: 3 }), abort.signal);
  expect(outcomes[0]).toMatchObject(failed('indeterminate', 'before the sink was stopped'));
  expect(outcomes[2]).toMatchObject(failed('indeterminate', 'older envelope'));
});
