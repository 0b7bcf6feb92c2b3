import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { Hono } from 'hono';
import { afterEach, describe, expect, it } from 'vitest';
import { ListenError, Listener } from './listener.js';

const opened: Listener[] = [];
afterEach(async () => {
  for (const listener of opened.splice(0)) await listener.close(0);
});

async function open(routes = new Hono(), given: { port?: number; requestTimeoutMs?: number } = {}) {
  const options = { host: '127.0.0.1', port: 0, requestTimeoutMs: 5_000, ...given };
  const listener = await Listener.open(() => routes, options);
  opened.push(listener);
  return listener;
}

describe('a listener', () => {
  it('says which port to set when its own is taken', async () => {
    const { port } = await open();
    await expect(open(undefined, { port })).rejects.toThrow(ListenError);
    await expect(open(undefined, { port })).rejects.toThrow(/something else listens there.*PORT/s);
  });

  it('lets a request under way finish when it is closed, and takes no other', async () => {
    let begun: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      begun = resolve;
    });
    let finish: () => void = () => undefined;
    const routes = new Hono().get('/', async (context) => {
      begun();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      return context.text('finished');
    });
    const listener = await open(routes);
    const answer = fetch(listener.url).then((response) => response.text());
    await reached;
    // An hour: it ends with the request, not with the grace.
    const closed = listener.close(3_600_000);
    await expect(fetch(listener.url)).rejects.toThrow();
    finish();
    expect(await answer).toBe('finished');
    await closed;
  });

  it('cuts off a request that outlasts the grace', async () => {
    const routes = new Hono().get('/', () => new Promise<Response>(() => undefined));
    const listener = await open(routes);
    const answer = fetch(listener.url).catch(() => 'cut off');
    await expect.poll(() => countConnections(listener)).toBe(1);
    await listener.close(30);
    expect(await answer).toBe('cut off');
  });

  it('cuts off a sender that takes too long', async () => {
    const listener = await open(undefined, { requestTimeoutMs: 200 });
    const socket = connect(listener.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nslow');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 (408|404)/);
  });
});

function countConnections({ server }: Listener): Promise<number> {
  return new Promise((resolve) => {
    server.getConnections((_, count) => resolve(count));
  });
}
