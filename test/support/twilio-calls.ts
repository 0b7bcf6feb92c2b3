import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { desk } from './traffic.js';
import { isAuthorized, pageOf, rfc2822, seconds } from './twilio-list.js';

/** A leg as Twilio keeps it. */
export interface KeptCall {
  readonly sid: string;
  readonly parent?: string;
  readonly from: string;
  readonly to: string;
  readonly direction: 'inbound' | 'outbound-api' | 'outbound-dial';
  readonly status: string;
  readonly startedAt: Date;
  readonly endedAt?: Date;
  readonly durationSeconds?: number;
}

export interface KeptRecording {
  readonly sid: string;
  readonly call: string;
  readonly status: string;
  readonly source?: string;
  readonly createdAt: Date;
  readonly durationSeconds: number;
  readonly channels: 1 | 2;
  readonly sound: Buffer;
}

/** A request to make a call, or to record one. */
export interface AskedCall {
  readonly path: string;
  readonly form: URLSearchParams;
}

const base = `/2010-04-01/Accounts/${desk.accountSid}`;

/**
 * A stand-in for the Calls and Recordings of Twilio's REST API: lists with their filters and pages, the sound of recordings, and
 * requests to call and to record. Its shape is judged by Twilio's own description of the API where that is at hand.
 */
export class TwilioCalls {
  readonly calls: KeptCall[] = [];
  readonly recordings: KeptRecording[] = [];
  /** Every GET, in their order: path and query. */
  readonly requests: string[] = [];
  /** Every POST, in their order. */
  readonly asked: AskedCall[] = [];
  pageSizeMax = 1_000;
  /** Breaks the connection in place of an answer to a request to call. */
  isSilent = false;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  /** Must be called inside a test, at whose end it is closed. */
  static async open(): Promise<TwilioCalls> {
    const twilio = new TwilioCalls();
    await new Promise<void>((resolve) => twilio.#server.listen(0, '127.0.0.1', resolve));
    onTestFinished(async () => {
      twilio.#server.closeAllConnections();
      await new Promise((resolve) => twilio.#server.close(resolve));
    });
    return twilio;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const send = (status: number, body: unknown) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (!isAuthorized(request.headers.authorization)) {
      send(401, { code: 20003, message: 'Authenticate', status: 401 });
    } else if (request.method === 'POST') {
      await this.#take(request, url, response, send);
    } else {
      this.requests.push(`${url.pathname}${url.search}`);
      const sound = this.#soundAt(url);
      if (sound !== undefined) response.writeHead(200, { 'content-type': 'audio/x-wav' }).end(sound);
      else {
        const found = this.#find(url);
        send(found === undefined ? 404 : 200, found ?? { code: 20404, status: 404 });
      }
    }
  }

  async #take(
    request: IncomingMessage,
    url: URL,
    response: ServerResponse,
    send: (status: number, body: unknown) => void,
  ): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const form = new URLSearchParams(Buffer.concat(pieces).toString('utf8'));
    this.asked.push({ path: url.pathname, form });
    const [, call] = /\/Calls\/(CA[0-9a-f]{32})\/Recordings\.json$/.exec(url.pathname) ?? [];
    if (this.isSilent) response.destroy();
    else if (call !== undefined) send(201, { sid: sidOf('RE', call), call_sid: call, status: 'in-progress' });
    else send(201, { sid: sidOf('CA', `asked ${this.asked.length}`), status: 'queued' });
  }

  #soundAt(url: URL): Buffer | undefined {
    const [, sid] = /\/Recordings\/(RE[0-9a-f]{32})\.wav$/.exec(url.pathname) ?? [];
    const recording = this.recordings.find((each) => each.sid === sid);
    // Twilio refuses more channels than there are.
    const channels = Number(url.searchParams.get('RequestedChannels') ?? 1);
    return recording !== undefined && channels <= recording.channels ? recording.sound : undefined;
  }

  #find(url: URL): unknown {
    if (url.pathname === `${base}/Calls.json`) {
      return pageOf(
        url,
        'calls',
        within(url, 'StartTime', this.calls, 'startedAt').map(callOf),
        this.pageSizeMax,
      );
    }
    if (url.pathname === `${base}/Recordings.json`) {
      const call = url.searchParams.get('CallSid');
      const found = within(url, 'DateCreated', this.recordings, 'createdAt');
      const wanted = found.filter((recording) => call === null || recording.call === call);
      return pageOf(url, 'recordings', wanted.map(recordingOf), this.pageSizeMax);
    }
    if (url.pathname === `${base}/Messages.json`) return pageOf(url, 'messages', []);
    const call = this.calls.find(({ sid }) => url.pathname === `${base}/Calls/${sid}.json`);
    return call === undefined ? undefined : callOf(call);
  }
}

/** Made of a name, as Twilio's are of chance. */
export function sidOf(kind: 'CA' | 'RE', name: string): string {
  return `${kind}${createHash('md5').update(`${kind} ${name}`).digest('hex')}`;
}

/** What began in the time that the query asks for, newest first. */
function within<Name extends string, Item extends Readonly<Record<Name, Date>>>(
  { searchParams }: URL,
  filter: string,
  items: readonly Item[],
  name: Name,
): Item[] {
  const after = Date.parse(searchParams.get(`${filter}>`) ?? '1970-01-01T00:00:00Z');
  const before = Date.parse(searchParams.get(`${filter}<`) ?? '2999-01-01T00:00:00Z');
  return items
    .filter((item) => seconds(item[name]) >= after && seconds(item[name]) <= before)
    .sort((left, right) => Number(right[name]) - Number(left[name]));
}

function callOf(call: KeptCall): Record<string, unknown> {
  const { sid, parent, from, to, direction, status, startedAt, endedAt, durationSeconds } = call;
  return {
    account_sid: desk.accountSid,
    answered_by: null,
    api_version: '2010-04-01',
    caller_name: null,
    date_created: rfc2822(startedAt),
    direction,
    duration: durationSeconds === undefined ? null : String(durationSeconds),
    end_time: rfc2822(endedAt ?? null),
    forwarded_from: null,
    from,
    group_sid: null,
    parent_call_sid: parent ?? null,
    phone_number_sid: null,
    price: '-0.0085',
    sid,
    start_time: rfc2822(startedAt),
    status,
    to,
    trunk_sid: null,
    uri: `${base}/Calls/${sid}.json`,
  };
}

function recordingOf(recording: KeptRecording): Record<string, unknown> {
  const { sid, call, status, source = 'DialVerb', createdAt, durationSeconds, channels } = recording;
  return {
    account_sid: desk.accountSid,
    api_version: '2010-04-01',
    call_sid: call,
    channels,
    conference_sid: null,
    date_created: rfc2822(createdAt),
    duration: String(durationSeconds),
    error_code: null,
    media_url: `https://api.twilio.com${base}/Recordings/${sid}`,
    sid,
    source,
    start_time: rfc2822(createdAt),
    status,
    uri: `${base}/Recordings/${sid}.json`,
  };
}

/** A real WAV as Twilio's are: 8 kHz, 16 bits, a tone of its own on each channel. */
export function wav(durationSeconds: number, channels: 1 | 2): Buffer {
  const rate = 8_000;
  const frames = rate * durationSeconds;
  const header = Buffer.alloc(44);
  const dataBytes = frames * channels * 2;
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(channels, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * channels * 2, 28);
  header.writeUInt16LE(channels * 2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  const samples = Buffer.alloc(dataBytes);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const tone = Math.sin((2 * Math.PI * (channel === 0 ? 440 : 620) * frame) / rate);
      samples.writeInt16LE(Math.round(tone * 8_000), (frame * channels + channel) * 2);
    }
  }
  return Buffer.concat([header, samples]);
}
