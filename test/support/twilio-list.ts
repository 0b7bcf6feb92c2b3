import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { desk } from './traffic.js';

/** A message as Twilio keeps it; the rest of its members follow from these. */
export interface KeptMessage {
  readonly sid: string;
  readonly from: string | null;
  readonly to: string;
  readonly body: string;
  readonly direction: 'inbound' | 'outbound-api' | 'outbound-reply' | 'outbound-call';
  readonly status: string;
  readonly sentAt: Date | null;
  /** Content types of its media. */
  readonly media: readonly string[];
  readonly errorCode: number | null;
}

/** Answers a request before Twilio itself does; false leaves it to the stand-in. */
export type Interference = (url: URL, response: ServerResponse) => boolean | Promise<boolean>;

const defaults = {
  from: '+12025550123',
  to: desk.number,
  body: 'A message',
  direction: 'inbound',
  status: 'received',
  media: [],
  errorCode: null,
} as const;

/**
 * A stand-in for the lists of Twilio's REST API: filter by DateSent to the second, newest first, pages with tokens, basic
 * authentication. Its shape is judged by Twilio's own description of the API where that is at hand.
 */
export class TwilioList {
  readonly messages: KeptMessage[] = [];
  /** Every request, in their order: path and query. */
  readonly requests: string[] = [];
  /** Twilio gives fewer than asked for when it likes. */
  pageSizeMax = 1_000;
  interfere: Interference = () => false;
  readonly #server: Server;

  private constructor(readonly port: number) {
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  /** Must be called inside a test, at whose end it is closed. */
  static async open(port = 0): Promise<TwilioList> {
    const probe = new TwilioList(port);
    await new Promise<void>((resolve) => probe.#server.listen(port, '127.0.0.1', resolve));
    onTestFinished(() => probe.close());
    return probe;
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** A message arrives at Twilio, or leaves it. */
  keep(message: Partial<KeptMessage> & Pick<KeptMessage, 'sid' | 'sentAt'>): KeptMessage {
    const kept = { ...defaults, ...message };
    this.messages.push(kept);
    return kept;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    this.requests.push(`${url.pathname}${url.search}`);
    if (await this.interfere(url, response)) return;
    const [, mediaSid] = /\/Media\/(ME[0-9A-Za-z]+)$/.exec(url.pathname) ?? [];
    if (mediaSid !== undefined && isAuthorized(request.headers.authorization)) {
      response.writeHead(200, { 'content-type': 'image/png' }).end(mediaContent(mediaSid));
      return;
    }
    const { status, body } = this.#bodyFor(url, request.headers.authorization);
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #bodyFor(url: URL, authorization: string | undefined): { status: number; body: unknown } {
    if (!isAuthorized(authorization))
      return { status: 401, body: { code: 20003, message: 'Authenticate', status: 401 } };
    const base = `/2010-04-01/Accounts/${desk.accountSid}/Messages`;
    if (url.pathname === `${base}.json`) return { status: 200, body: this.#messagePage(url) };
    const [, sid] = new RegExp(`^${base}/([A-Za-z0-9]+)/Media\\.json$`).exec(url.pathname) ?? [];
    const message = this.messages.find((each) => each.sid === sid);
    if (message === undefined) return { status: 404, body: { code: 20404, status: 404 } };
    const media = message.media.map((type, index) => mediaOf(message, type, index));
    return { status: 200, body: pageOf(url, 'media_list', media, this.pageSizeMax) };
  }

  #messagePage(url: URL): unknown {
    const { searchParams } = url;
    const after = Date.parse(searchParams.get('DateSent>') ?? '1970-01-01T00:00:00Z');
    const before = Date.parse(searchParams.get('DateSent<') ?? '2999-01-01T00:00:00Z');
    const found = this.messages
      .filter(({ sentAt }) => sentAt !== null && seconds(sentAt) >= after && seconds(sentAt) <= before)
      .sort((left, right) => Number(right.sentAt) - Number(left.sentAt));
    return pageOf(url, 'messages', found.map(messageOf), this.pageSizeMax);
  }
}

/** Whether the desk's credentials are given. */
export function isAuthorized(authorization: string | undefined): boolean {
  const expected = Buffer.from(`${desk.accountSid}:${desk.authToken}`).toString('base64');
  return authorization === `Basic ${expected}`;
}

/** What is at the URL of a medium. */
export function mediaContent(mediaSid: string): string {
  return `The bytes of ${mediaSid}`;
}

/** A page of a list as Twilio gives it: `PageSize`, `Page`, and the address of the next one with a token. */
export function pageOf(
  url: URL,
  name: string,
  all: readonly unknown[],
  pageSizeMax = 1_000,
): Record<string, unknown> {
  const size = Math.min(Number(url.searchParams.get('PageSize') ?? 50), pageSizeMax);
  const page = Number(url.searchParams.get('Page') ?? 0);
  const at = (number: number) => {
    const other = new URL(url);
    other.searchParams.set('Page', String(number));
    if (number > 0) other.searchParams.set('PageToken', `PA${number}`);
    return `${other.pathname}${other.search}`;
  };
  const start = page * size;
  return {
    first_page_uri: at(0),
    start,
    end: Math.max(start, Math.min(start + size, all.length) - 1),
    page,
    page_size: size,
    uri: `${url.pathname}${url.search}`,
    previous_page_uri: page > 0 ? at(page - 1) : null,
    next_page_uri: start + size < all.length ? at(page + 1) : null,
    [name]: all.slice(start, start + size),
  };
}

export function seconds(time: Date): number {
  return Math.floor(time.getTime() / 1_000) * 1_000;
}

/** `Fri, 24 May 2019 17:44:46 +0000` */
export function rfc2822(time: Date | null): string | null {
  return time === null ? null : time.toUTCString().replace('GMT', '+0000');
}

export function messageOf(message: KeptMessage): Record<string, unknown> {
  const { sid, from, to, body, direction, status, sentAt, media, errorCode } = message;
  const uri = `/2010-04-01/Accounts/${desk.accountSid}/Messages/${sid}`;
  return {
    account_sid: desk.accountSid,
    api_version: '2010-04-01',
    body,
    date_created: rfc2822(sentAt ?? new Date()),
    date_sent: rfc2822(sentAt),
    date_updated: rfc2822(sentAt ?? new Date()),
    direction,
    error_code: errorCode,
    error_message: null,
    from,
    messaging_service_sid: null,
    num_media: String(media.length),
    num_segments: '1',
    price: null,
    price_unit: null,
    sid,
    status,
    subresource_uris: { media: `${uri}/Media.json` },
    to,
    uri: `${uri}.json`,
  };
}

function mediaOf({ sid, sentAt }: KeptMessage, contentType: string, index: number): Record<string, unknown> {
  const mediaSid = `ME${String(index).padStart(2, '0')}${sid.slice(4)}`;
  return {
    account_sid: desk.accountSid,
    content_type: contentType,
    date_created: rfc2822(sentAt),
    date_updated: rfc2822(sentAt),
    parent_sid: sid,
    sid: mediaSid,
    uri: `/2010-04-01/Accounts/${desk.accountSid}/Messages/${sid}/Media/${mediaSid}.json`,
  };
}
