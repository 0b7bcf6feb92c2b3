import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Answer } from './answer.js';
import { codeOf, networkFailure } from './network-failure.js';

export interface ReceiverOptions {
  readonly url: URL;
  readonly timeoutMs: number;
  readonly lookup: LookupFunction;
  /** A certificate to trust instead of those of the system; for tests. */
  readonly trusted?: string | undefined;
}

export interface Post {
  readonly headers: http.OutgoingHttpHeaders;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
}

/** More than any sensible answer has, and little enough to throw away. */
const answerBytesMax = 64 * 1024;

/** Firewalls forget a connection that is idle for long, and tell neither side. */
const idleMaxMs = 15_000;

/** The other side. Keeps its connections open between requests. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #kept: http.Agent;
  readonly #fresh: http.Agent;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    const agent = options.url.protocol === 'https:' ? https.Agent : http.Agent;
    this.#kept = new agent({ keepAlive: true, timeout: idleMaxMs });
    this.#fresh = new agent({ keepAlive: false });
  }

  get origin(): string {
    return this.#options.url.origin;
  }

  /**
   * One POST. Follows no redirect: those are answers like any other.
   *
   * @throws {Failure} `unavailable` when nothing was sent, `indeterminate` when it may have arrived, `config` when no try can
   *   succeed as things are.
   */
  async post(post: Post): Promise<Answer> {
    const first = await this.#exchange(post, this.#kept);
    // The receiver closed an idle connection at the moment of its use: not an outage, so it is tried once on a new one.
    const last = 'isStale' in first && first.isStale ? await this.#exchange(post, this.#fresh) : first;
    if ('answer' in last) return last.answer;
    throw networkFailure(last.error, last, this.origin);
  }

  #exchange(post: Post, agent: http.Agent): Promise<Exchanged> {
    const { url, lookup, timeoutMs, trusted } = this.#options;
    const { request: open } = url.protocol === 'https:' ? https : http;
    // `rejectUnauthorized` is said in so many words, since an environment variable can turn its default off.
    const tls = { rejectUnauthorized: true, ...(trusted === undefined ? {} : { ca: trusted }) };
    const request = open(url, { method: 'POST', agent, lookup, headers: post.headers, ...tls });
    return exchange(request, post, timeoutMs);
  }

  /** Closes all connections. */
  close(): void {
    this.#kept.destroy();
    this.#fresh.destroy();
  }
}

type Exchanged =
  | { readonly answer: Answer }
  | {
      readonly error: unknown;
      readonly connected: boolean;
      readonly endedBy?: 'timeout' | 'stop' | undefined;
      /** The request met a connection that was closed while idle. */
      readonly isStale: boolean;
    };

/** Sends, and waits until the answer is read to its end, or as far as it is worth reading. Never rejects. */
function exchange(
  request: http.ClientRequest,
  { body, signal }: Post,
  timeoutMs: number,
): Promise<Exchanged> {
  return new Promise((settle) => {
    let connected = false;
    let answer: Answer | undefined;
    let failed: unknown;
    let endedBy: 'timeout' | 'stop' | undefined;
    const end = (by: 'timeout' | 'stop') => {
      endedBy ??= by;
      request.destroy(new Error(by));
    };
    const timer = setTimeout(end, timeoutMs, 'timeout');
    const stop = () => end('stop');
    signal.addEventListener('abort', stop, { once: true });
    request.on('error', (error) => {
      failed = error;
    });
    request.on('socket', (socket) => {
      whenConnected(request, socket, () => {
        connected = true;
      });
    });
    request.on('response', (response) => {
      answer = { status: response.statusCode ?? 0, headers: response.headers };
      discard(response);
    });
    // Comes last, whatever happened, and once.
    request.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      // An answer counts as soon as its head is there: a slow or endless body takes nothing back.
      if (answer !== undefined) settle({ answer });
      else settle({ error: failed, connected, endedBy, isStale: request.reusedSocket && isBroken(failed) });
    });
    if (signal.aborted) stop();
    else request.end(body);
  });
}

function isBroken(error: unknown): boolean {
  return ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
}

function whenConnected(request: http.ClientRequest, socket: Socket, then: () => void): void {
  if (request.reusedSocket) then();
  else socket.once('encrypted' in socket ? 'secureConnect' : 'connect', then);
}

/** Reads an answer away, so that its connection can be used again; one that goes on and on is cut off. */
function discard(response: http.IncomingMessage): void {
  let bytes = 0;
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) response.destroy();
  });
  // Its status is what counts, and was read.
  response.on('error', () => undefined);
}
