import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { captureOf, sign } from '../../connectors/twilio-sms/testing.js';
import type { GatewayProcess } from './gateway-process.js';
import { desk, send } from './traffic.js';
import type { TwilioList } from './twilio-list.js';

/** A request to send, as Twilio saw it. */
export interface SeenSend {
  readonly sid: string;
  readonly path: string;
  readonly authorization: string;
  readonly to: string;
  readonly text: string;
  readonly mediaUrls: readonly string[];
  readonly statusCallback: string;
}

type Answer = (seen: SeenSend, response: ServerResponse) => void | Promise<void>;

/** Twilio's Messages resource on this machine: notes each request, and answers as it is told. */
export class TwilioApi implements AsyncDisposable {
  readonly seen: SeenSend[] = [];
  /** Default: takes every message. */
  answer: Answer = taken;
  /** What it answers to those who ask what there was. */
  lists: TwilioList | undefined;
  readonly #server = createServer((request, response) => void this.#take(request, response));

  static async start(): Promise<TwilioApi> {
    const api = new TwilioApi();
    await new Promise<void>((resolve) => api.#server.listen(0, '127.0.0.1', resolve));
    return api;
  }

  /** Moves to another port. */
  async listenAt(port: number): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // After an outage the gateway asks what it missed: nothing, where there is no list.
    if (request.method === 'GET' && this.lists !== undefined) {
      const { authorization = '' } = request.headers;
      const listed = await fetch(`${this.lists.url}${request.url}`, { headers: { authorization } });
      response.writeHead(listed.status, { 'content-type': 'application/json' }).end(await listed.text());
      return;
    }
    if (request.method === 'GET') {
      const empty = JSON.stringify({ messages: [], next_page_uri: null });
      response.writeHead(200, { 'content-type': 'application/json' }).end(empty);
      return;
    }
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const form = new URLSearchParams(Buffer.concat(pieces).toString('utf8'));
    const seen: SeenSend = {
      sid: `SM${createHash('md5').update(String(this.seen.length)).digest('hex')}`,
      path: request.url ?? '',
      authorization: request.headers.authorization ?? '',
      to: form.get('To') ?? '',
      text: form.get('Body') ?? '',
      mediaUrls: form.getAll('MediaUrl'),
      statusCallback: form.get('StatusCallback') ?? '',
    };
    this.seen.push(seen);
    await this.answer(seen, response);
  }
}

/** Keeps the message, as Twilio lists it from then on, and then answers. */
export function keeping(list: TwilioList, answer: Answer): Answer {
  return (seen, response) => {
    const { sid, to, text: body } = seen;
    const sentAt = new Date();
    list.keep({ sid, from: desk.number, to, body, direction: 'outbound-api', status: 'sent', sentAt });
    return answer(seen, response);
  };
}

/** Breaks the connection in place of an answer. */
export const breaking: Answer = (_, response) => {
  response.destroy();
};

export function taken({ sid }: SeenSend, response: ServerResponse): void {
  response
    .writeHead(201, { 'content-type': 'application/json' })
    .end(JSON.stringify({ sid, status: 'queued', account_sid: desk.accountSid }));
}

/** Refuses with one of Twilio's error numbers. */
export function refusing(status: number, code: number): Answer {
  return (_, response) => {
    const body = JSON.stringify({ code, status, message: 'As Twilio words it.', more_info: '' });
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  };
}

/** Reports a status of a message to the URL that came with it, signed as Twilio does. Rejects unless it is taken. */
export async function report(
  gateway: GatewayProcess,
  { sid, to, statusCallback }: SeenSend,
  status: string,
): Promise<void> {
  const url = new URL(statusCallback);
  url.hash = '';
  const form = {
    MessageSid: sid,
    MessageStatus: status,
    From: desk.number,
    To: to,
    ApiVersion: '2010-04-01',
  };
  const body = new URLSearchParams({ ...form, AccountSid: desk.accountSid }).toString();
  const { headers, body: bytes } = sign(
    { ...captureOf('status', body), url: url.toString() },
    desk.authToken,
  );
  const reply = await send(gateway.webhookBase, {
    path: `${url.pathname}${url.search}`,
    headers: { ...headers, 'content-length': String(bytes.length) },
    body: bytes,
  });
  if (reply.status !== 204) throw new Error(`The status was answered ${reply.status}.`);
}
