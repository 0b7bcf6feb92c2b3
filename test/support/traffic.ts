import { createHash } from 'node:crypto';
import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureOf, sign } from '../../connectors/twilio-sms/testing.js';
import { type GatewayProcess, publicUrl } from './gateway-process.js';

/** The firm's side: what the account is configured with. The token is checked to be nowhere in clear. */
export const desk = {
  accountSid: 'ACfeedfacefeedfacefeedfacefeedface',
  authToken: '7c1e9a52d04b4f6f8a3d5e1b90c2f4a6',
  number: '+12025550100',
};

const sentences = [
  'Good morning, can you sell 250 shares of Initech at the market?',
  'Bitte rufen Sie mich heute wegen der Überweisung zurück',
  'Confirmed – thanks 👍',
  'What did the fund close at yesterday? I need it before 5',
  'お世話になっております。明日の件、承知しました。',
  'My address has changed, I will send you the form',
  'Do NOT buy the bond that we talked about',
  'Line one\nLine two: 3% & 4% + fees = ?',
];

/** A request as it goes over the wire: the same bytes every time it is sent. */
export interface SignedRequest {
  readonly path: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: Uint8Array;
}

export interface Reply {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

export interface TestMessage {
  readonly conversation: number;
  /** Place in its conversation, from 0. */
  readonly place: number;
  readonly from: string;
  readonly text: string;
  readonly request: SignedRequest;
  answered: boolean;
}

/** Nobody listens there: a gateway that is restarted must not ask the real Twilio what it missed. */
const nowhere = 'http://127.0.0.1:9';

/** Adds the account that the traffic is for, and returns its id. */
export async function addDesk(
  gateway: GatewayProcess,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { accountSid, authToken, number } = desk;
  const added = await gateway.call<{ id: string }>('POST', '/v1/accounts', {
    connector: 'twilio-sms',
    name: 'desk',
    settings: { accountSid, authToken, numbers: number, apiBaseUrl: nowhere, ...settings },
  });
  return added.id;
}

/** An inbound SMS, as Twilio sends it. */
export function smsFields(message: { sid: string; from: string; text: string }): [string, string][] {
  const { sid, from, text } = message;
  return Object.entries({
    ToCountry: 'US',
    ToState: 'DC',
    SmsMessageSid: sid,
    NumMedia: '0',
    SmsSid: sid,
    SmsStatus: 'received',
    Body: text,
    FromCountry: 'US',
    To: desk.number,
    NumSegments: '1',
    MessageSid: sid,
    AccountSid: desk.accountSid,
    From: from,
    ApiVersion: '2010-04-01',
  });
}

/** Signs a form for an account's webhook. */
export function signedForm(account: string, body: string | Uint8Array, endpoint = 'messages'): SignedRequest {
  const path = `/webhooks/${account}/${endpoint}`;
  const capture = { ...captureOf(endpoint, body), url: `${publicUrl}${path}` };
  const { headers } = sign(capture, desk.authToken);
  return {
    path,
    headers: { ...headers, 'content-length': String(capture.body.length), 'user-agent': 'TwilioProxy/1.1' },
    body: capture.body,
  };
}

/** Sends one request and reads the whole reply. Rejects when the connection breaks first. */
export function send(
  base: string,
  { path, headers, body }: SignedRequest,
  options: { agent?: Agent; method?: string } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = request(`${base}${path}`, { method: 'POST', headers, timeout: 30_000, ...options });
    outgoing.on('timeout', () => outgoing.destroy(new Error('No answer within 30 s.')));
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const { statusCode: status = 0, headers: replyHeaders } = response;
        resolve({ status, headers: replyHeaders, body: Buffer.concat(chunks).toString('utf8') });
      });
    });
    outgoing.end(body);
  });
}

export interface SendOptions {
  /** How many new messages each conversation gets; without it, until `stop`. */
  readonly each?: number;
  /** Requests under way at once. */
  readonly concurrency?: number;
  /** How long each conversation waits between two messages; default: not at all. */
  readonly pauseMs?: number;
  /** What a conversation does when a message gets no 200: leaves it for the next `send`, or tries until it gets one. */
  readonly unanswered?: 'leave' | 'retry';
}

/**
 * Conversations with the desk. Each sends one message after the other and goes on only after a 200, as people who wait for
 * their provider do; conversations run side by side. What was not answered 200 is sent again, the same bytes.
 */
export class Traffic {
  readonly conversations: TestMessage[][];
  /** Replies other than 200. */
  readonly refusals: Reply[] = [];
  /** Connections that broke without a reply. */
  brokenConnections = 0;
  #stopped = false;

  constructor(
    readonly account: string,
    readonly options: { conversations: number; seed: number },
  ) {
    this.conversations = Array.from({ length: options.conversations }, () => []);
  }

  get messages(): TestMessage[] {
    return this.conversations.flat();
  }

  get answered(): TestMessage[] {
    return this.messages.filter((message) => message.answered);
  }

  /** Resolves when every conversation has sent what it should, or has left its last message unanswered. */
  async send(gateway: GatewayProcess, options: SendOptions = {}): Promise<void> {
    this.#stopped = false;
    const { concurrency = this.conversations.length } = options;
    const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
    try {
      await Promise.all(
        this.conversations.map((_, conversation) =>
          this.#converse(conversation, gateway.webhookBase, agent, options),
        ),
      );
    } finally {
      agent.destroy();
    }
  }

  /** Sends again what was not answered; nothing new. */
  async resend(gateway: GatewayProcess): Promise<void> {
    await this.send(gateway, { each: 0 });
    const open = this.messages.length - this.answered.length;
    if (open > 0) throw new Error(`${open} messages were not taken when they were sent again.`);
  }

  /** Ends `send` after the requests that are under way. */
  stop(): void {
    this.#stopped = true;
  }

  async #converse(conversation: number, base: string, agent: Agent, options: SendOptions): Promise<void> {
    const { each = Number.POSITIVE_INFINITY, unanswered = 'leave' } = options;
    const messages = this.conversations[conversation] as TestMessage[];
    const last = messages.at(-1);
    if (last?.answered === false && !(await this.#deliver(last, base, agent, unanswered))) return;
    for (let sent = 0; sent < each && !this.#stopped; sent += 1) {
      const message = this.#write(conversation, messages.length);
      messages.push(message);
      if (!(await this.#deliver(message, base, agent, unanswered))) return;
      if (options.pauseMs !== undefined) await sleep(options.pauseMs);
    }
  }

  async #deliver(
    message: TestMessage,
    base: string,
    agent: Agent,
    unanswered: SendOptions['unanswered'],
  ): Promise<boolean> {
    for (;;) {
      const reply = await send(base, message.request, { agent }).catch(() => undefined);
      if (reply === undefined) this.brokenConnections += 1;
      else if (reply.status === 200) message.answered = true;
      else this.refusals.push(reply);
      if (message.answered || unanswered !== 'retry' || this.#stopped) return message.answered;
      await sleep(100);
    }
  }

  #write(conversation: number, place: number): TestMessage {
    const { seed } = this.options;
    const number = `${conversation}.${place}`;
    const sid = `SM${createHash('md5').update(`${seed}/${number}`).digest('hex')}`;
    const from = `+1${202 + Math.floor(conversation / 90)}55501${String(10 + (conversation % 90))}`;
    const sentence = sentences[(seed + conversation + place) % sentences.length];
    const text = `${sentence} (#${number})`;
    const body = new URLSearchParams(smsFields({ sid, from, text })).toString();
    return {
      conversation,
      place,
      from,
      text,
      request: signedForm(this.account, body),
      answered: false,
    };
  }
}
