import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SinkSubject } from 'archway/testkit';
import webhook from './index.js';

/** Made up; nothing is protected by them. */
export const testSecret = 'whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD';
export const otherSecret = 'whsec_4ntsjwhHD7ckKPr5WTMBz0wKKXjGrBp9o9NDNHPI';

/** An HTTP server on a free port of this machine. */
export async function listen(server: Server): Promise<{ server: Server; url: string } & AsyncDisposable> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/archway`;
  return {
    server,
    url,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function serve(listener: RequestListener) {
  return listen(createServer(listener));
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

interface Item {
  readonly key: string;
  readonly sha256: string;
  readonly envelope: string;
}

/** What a receiver must do by README.md, in memory: it checks the signature, keeps each key once, and then answers. */
export class ModelReceiver {
  readonly kept = new Map<string, string>();
  /** The keys of each message, by its id. */
  readonly messages = new Map<string, readonly string[]>();

  readonly listener: RequestListener = (request, response) => {
    // A sender that was stopped takes half of its request with it.
    this.#take(request, response).catch(() => response.destroy());
  };

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    response.statusCode = isSigned(request, body)
      ? this.keep(String(request.headers['webhook-id']), body)
      : 401;
    response.end();
  }

  /** The status to answer with. */
  keep(id: string, body: Buffer): number {
    const { data } = JSON.parse(body.toString('utf8')) as { data: Item[] };
    const isWhole = data.every(
      ({ sha256, envelope }) => createHash('sha256').update(envelope).digest('hex') === sha256,
    );
    const isNew = data.every(({ key, envelope }) => (this.kept.get(key) ?? envelope) === envelope);
    if (!isWhole || !isNew) return isWhole ? 409 : 400;
    for (const { key, envelope } of data) this.kept.set(key, envelope);
    this.messages.set(
      id,
      data.map(({ key }) => key),
    );
    return 204;
  }

  /** What lies under a locator of the sink. */
  read(locator: string): Buffer {
    const [, id = '', index] = /^(\S+)\/(\d+)/.exec(locator) ?? [];
    const envelope = this.kept.get(this.messages.get(id)?.[Number(index)] ?? '');
    if (envelope === undefined) throw new Error(`Nothing was received as ${locator}.`);
    return Buffer.from(envelope);
  }
}

function isSigned({ headers }: IncomingMessage, body: Buffer): boolean {
  const key = Buffer.from(testSecret.replace('whsec_', ''), 'base64');
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
  const given = String(headers['webhook-signature'])
    .split(' ')
    .map((text) => Buffer.from(text));
  return given.some((one) => one.length === expected.length && timingSafeEqual(one, expected));
}

/** The webhook sink with a receiver of its own, for the conformance rules. */
export const subject: SinkSubject = {
  sink: webhook,
  async prepare() {
    const receiver = new ModelReceiver();
    const server = await serve(receiver.listener);
    const settings = { url: server.url, secret: testSecret, allowPrivate: 'true', batch: '5' };
    return {
      settings,
      unusable: [
        { ...settings, allowPrivate: 'false' },
        { ...settings, url: 'http://169.254.169.254/latest' },
        { ...settings, url: 'http://192.0.2.1/' },
      ],
      read: async ({ locator }) => receiver.read(locator),
      count: async () => receiver.kept.size,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
};
