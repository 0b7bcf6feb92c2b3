import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HttpClient } from './http-client.js';

const never = new AbortController().signal;

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const post = (uri: string, signal = never) => {
  const client = new HttpClient(signal);
  const request = { method: 'post', uri, username: 'AC1', password: 'made-up', data: { To: '+12025550123' } };
  return { client, answer: client.request(request) };
};

describe('the client of the sending library', () => {
  it('sends a form with repeated names, and credentials in the header alone', async () => {
    let seen = { authorization: '', body: '', url: '' };
    const url = await serve((request, response) => {
      request.setEncoding('utf8').on('data', (piece: string) => {
        seen = { authorization: request.headers.authorization ?? '', body: piece, url: request.url ?? '' };
        response.writeHead(201).end('{"sid":"SM1"}');
      });
    });
    const data = {
      To: '+12025550123',
      MediaUrl: ['https://a.example/1', 'https://a.example/2'],
      Body: undefined,
    };
    const request = {
      method: 'post',
      uri: `${url}/Messages.json`,
      username: 'AC1',
      password: 'made-up',
      data,
    };
    const answer = await new HttpClient(never).request(request);
    expect(answer).toMatchObject({ statusCode: 201, body: '{"sid":"SM1"}' });
    expect(seen.url).toBe('/Messages.json');
    expect(seen.authorization).toBe(`Basic ${Buffer.from('AC1:made-up').toString('base64')}`);
    expect([...new URLSearchParams(seen.body)]).toEqual([
      ['To', '+12025550123'],
      ['MediaUrl', 'https://a.example/1'],
      ['MediaUrl', 'https://a.example/2'],
    ]);
  });

  it.each([
    ['seconds', '7', 7_000, 0],
    ['a date', new Date(Date.now() + 60_000).toUTCString(), 60_000, 10_000],
    ['a date that is over', new Date(0).toUTCString(), 0, 0],
    ['what is neither', 'soon', undefined, 0],
  ])('tells how long to wait, when that is %s', async (_, header, expected, tolerance) => {
    const url = await serve((_request, response) => response.writeHead(429, { 'retry-after': header }).end());
    const { client, answer } = post(url);
    await answer;
    const { status, retryAfterMs } = client.answered ?? { status: 0, retryAfterMs: 0 };
    expect(status).toBe(429);
    if (expected === undefined) expect(retryAfterMs).toBeUndefined();
    else expect(Math.abs((retryAfterMs ?? Number.NaN) - expected)).toBeLessThanOrEqual(tolerance);
  });

  it('follows no redirect', async () => {
    const asked: string[] = [];
    const url = await serve((request, response) => {
      asked.push(request.url ?? '');
      response.writeHead(307, { location: '/elsewhere' }).end();
    });
    expect(await post(`${url}/first`).answer).toMatchObject({ statusCode: 307 });
    expect(asked).toEqual(['/first']);
  });
});

describe('a call without an answer', () => {
  it('is unavailable when nobody listens: nothing can have left', async () => {
    const url = await serve(() => undefined);
    const { port } = new URL(url);
    const closed = createTcpServer();
    await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
    const { port: free } = closed.address() as AddressInfo;
    await new Promise((resolve) => closed.close(resolve));
    expect(String(free)).not.toBe(port);
    const { client, answer } = post(`http://127.0.0.1:${free}`);
    await expect(answer).rejects.toMatchObject({ name: 'Failure', kind: 'unavailable' });
    expect(client.answered).toBeUndefined();
  });

  it('is unavailable when TLS does not come about: nothing can have left', async () => {
    const url = await serve(() => undefined);
    const { answer } = post(url.replace('http:', 'https:'));
    await expect(answer).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is unavailable when time was up before it began', async () => {
    const asked: string[] = [];
    const url = await serve((request) => void asked.push(request.url ?? ''));
    await expect(post(url, AbortSignal.abort()).answer).rejects.toMatchObject({ kind: 'unavailable' });
    expect(asked).toEqual([]);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['the connection breaks at once', (socket) => socket.destroy()],
    [
      'the connection breaks within the answer',
      (socket) => socket.end('HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n{'),
    ],
    ['the answer is no HTTP', (socket) => socket.end('What do you want?\r\n\r\n')],
  ])('is indeterminate when %s', async (_, end) => {
    const server = createTcpServer((socket) => socket.once('data', () => end(socket)));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void server.close());
    const { answer } = post(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(answer).rejects.toMatchObject({ kind: 'indeterminate' });
  });

  it('is indeterminate when time is up while it is waited for', async () => {
    const controller = new AbortController();
    const url = await serve(() => controller.abort());
    await expect(post(url, controller.signal).answer).rejects.toMatchObject({ kind: 'indeterminate' });
  });

  it('is indeterminate when the answer never ends', async () => {
    const url = await serve((_request, response) => {
      const pour = () => {
        if (!response.destroyed) response.write('x'.repeat(64 * 1024), pour);
      };
      pour();
    });
    await expect(post(url).answer).rejects.toMatchObject({ kind: 'indeterminate' });
  });

  it('names neither credentials nor recipient', async () => {
    const failure = (await post('http://127.0.0.1:1').answer.catch((error: unknown) => error)) as Error;
    expect(failure.message).not.toMatch(/made-up|2025550123/);
  });
});
