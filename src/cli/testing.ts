import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Writable } from 'node:stream';
import { run } from './main.js';

/** What one run of the command line printed, and what it ended with. */
export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Collects what is written to it. */
export class Collector extends Writable {
  text = '';

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

export const apiKey = 'ak_test-key-of-the-command-line';

/** Runs one command line in this process. */
export async function runCli(
  argv: readonly string[],
  environment: Record<string, string> = {},
): Promise<Ran> {
  const stdout = new Collector();
  const stderr = new Collector();
  const exitCode = await run(argv, { stdout, stderr, environment });
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

/** A request as the fake server saw it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  /** JSON as it reads, anything else as text. */
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status?: number;
  /** Sent as JSON; a string is sent as it is. */
  readonly body: unknown;
}

export type Routes = Readonly<Record<string, FakeAnswer | ((request: SeenRequest) => FakeAnswer)>>;

/** A server that answers like the private API: by method and path, else with a 404 problem. */
export class FakeApi implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];

  private constructor(
    readonly server: Server,
    readonly url: string,
  ) {}

  static async start(routes: Routes): Promise<FakeApi> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const api = new FakeApi(server, `http://127.0.0.1:${port}`);
    server.on('request', (request, response) => void api.#answer(routes, request, response));
    return api;
  }

  /** The environment that leads the command line here. */
  get environment(): Record<string, string> {
    return { ARCHWAY_ADMIN_URL: this.url, ARCHWAY_API_KEY: apiKey };
  }

  async #answer(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = await readRequest(request);
    this.seen.push(seen);
    const route = routes[`${seen.method} ${seen.path}`] ?? problem(404, `There is no ${seen.path}.`);
    const { status = 200, body } = typeof route === 'function' ? route(seen) : route;
    const type = status < 400 ? 'application/json' : 'application/problem+json';
    response.writeHead(status, { 'content-type': type });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export function problem(status: number, detail: string, errors?: readonly string[]): FakeAnswer {
  return {
    status,
    body: { type: 'about:blank', title: 'A title', status, detail, ...(errors && { errors }) },
  };
}

export function page(data: readonly unknown[], next: string | null = null): FakeAnswer {
  return { body: { data, next } };
}

async function readRequest(request: IncomingMessage): Promise<SeenRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost');
  return {
    method: request.method ?? '',
    path: pathname,
    query: Object.fromEntries(searchParams),
    authorization: request.headers.authorization,
    contentType: request.headers['content-type'],
    body: request.headers['content-type'] === 'application/json' ? JSON.parse(text) : text || undefined,
  };
}

/** A message as the private API gives it. */
export function messageOf(text: string | null) {
  return {
    id: '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f',
    kind: 'message',
    direction: 'inbound',
    connector: 'twilio-sms',
    account: '019aaf3e-0000-7a52-b3f4-0c8a5a1e2d3f',
    conversation: '019aaf3e-0001-7a52-b3f4-0c8a5a1e2d3f',
    from: '+12025550123',
    to: ['+12025550100'],
    text,
    status: 'received',
    sentAt: null,
    receivedAt: '2026-11-23T09:30:00.000Z',
    recordedAt: '2026-11-23T09:30:00.100Z',
    attachments: [],
    custodian: null,
    contact: null,
  };
}
