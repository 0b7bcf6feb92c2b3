import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Failure } from 'archway/sdk';

/** What Twilio's library asks of the client that it is given; no more than we use. */
interface LibraryRequest {
  readonly method: string;
  readonly uri: string;
  readonly username?: string;
  readonly password?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface Answered {
  readonly status: number;
  readonly retryAfterMs: number | undefined;
}

const answerMaxBytes = 256 * 1024;
/** How long a connection may take to come about. */
const connectTimeoutMs = 10_000;

/**
 * Makes each request of Twilio's library exactly once, on a connection of its own, and without following redirects. The
 * library's own client cannot say whether a request had left when its connection broke, nor when to come back.
 */
export class HttpClient {
  #answered: Answered | undefined;

  constructor(readonly signal: AbortSignal) {}

  /** The head of the last answer. */
  get answered(): Answered | undefined {
    return this.#answered;
  }

  /** @throws {Failure} `unavailable` while nothing can have left, `indeterminate` from then on. */
  async request(given: LibraryRequest): Promise<{ statusCode: number; body: string; headers: object }> {
    const { status, body, retryAfter } = await this.#exchange(given);
    this.#answered = { status, retryAfterMs: readRetryAfter(retryAfter) };
    return { statusCode: status, body, headers: {} };
  }

  #exchange(
    given: LibraryRequest,
  ): Promise<{ status: number; body: string; retryAfter: string | undefined }> {
    const { method, uri, username = '', password = '', headers, data = {} } = given;
    const url = new URL(uri);
    const body = encodeForm(data);
    return new Promise((resolve, reject) => {
      let hasLeft = false;
      const fail = (cause: unknown) => reject(connectionFailure(hasLeft, cause));
      const outgoing = (url.protocol === 'http:' ? requestHttp : requestHttps)(url, {
        method,
        agent: false,
        signal: this.signal,
        headers: {
          ...headers,
          Connection: 'close',
          Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
          'Content-Type': 'application/x-www-form-urlencoded',
          'Content-Length': Buffer.byteLength(body),
        },
      });
      outgoing.on('error', fail);
      outgoing.on('socket', (socket) => {
        const late = setTimeout(
          () => outgoing.destroy(new Error('No connection came about in time.')),
          connectTimeoutMs,
        );
        socket.once('close', () => clearTimeout(late));
        // Nothing is written before the connection, and with TLS its handshake, stands.
        socket.once(url.protocol === 'http:' ? 'connect' : 'secureConnect', () => {
          clearTimeout(late);
          hasLeft = true;
          outgoing.end(body);
        });
      });
      outgoing.on('response', (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > answerMaxBytes) response.destroy(new Error('The answer is too long.'));
          else chunks.push(chunk);
        });
        response.on('error', fail);
        response.on('end', () => {
          const { statusCode: status = 0, headers: answerHeaders } = response;
          resolve({
            status,
            body: Buffer.concat(chunks).toString('utf8'),
            retryAfter: answerHeaders['retry-after'],
          });
        });
      });
    });
  }
}

/** Repeated names for lists, as Twilio wants them. */
function encodeForm(data: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(data)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) form.append(name, String(each));
    }
  }
  return form.toString();
}

function connectionFailure(hasLeft: boolean, cause: unknown): Failure {
  const code = (cause as { code?: unknown } | undefined)?.code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  return hasLeft
    ? new Failure('indeterminate', `The connection to Twilio broke before its answer was there${why}.`, {
        cause,
      })
    : new Failure('unavailable', `Twilio's API could not be reached${why}.`, { cause });
}

/** Seconds, or a date. */
function readRetryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(ms, 0);
}
