import { captureOf, sign } from '../../providers/twilio/testing.js';
import { type GatewayProcess, publicUrl } from './gateway-process.js';
import { desk, type Reply, send } from './traffic.js';
import { sidOf, type TwilioCalls, wav } from './twilio-calls.js';

export const caller = '+12025550123';
export const phones = ['+14155550110', '+14155550111'] as const;

/** A request that Twilio makes: to one of our URLs, with these fields. */
export interface TwilioRequest {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** The account of the desk's number, with Twilio played by the test. */
export async function addLine(
  gateway: GatewayProcess,
  twilio: TwilioCalls,
  settings: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { accountSid, authToken, number } = desk;
  const added = await gateway.call<{ id: string }>('POST', '/v1/accounts', {
    connector: 'twilio-voice',
    name: 'line',
    settings: {
      accountSid,
      authToken,
      number,
      forwardTo: phones.join(),
      apiBaseUrl: twilio.url,
      ...settings,
    },
  });
  return added.id;
}

/** Makes a request signed as Twilio does. Rejects unless it is taken. */
export async function make(gateway: GatewayProcess, { url, fields }: TwilioRequest): Promise<Reply> {
  const target = new URL(url);
  target.hash = '';
  const body = new URLSearchParams({ AccountSid: desk.accountSid, ApiVersion: '2010-04-01', ...fields });
  const { headers, body: bytes } = sign(
    { ...captureOf('voice', body.toString()), url: target.toString() },
    desk.authToken,
  );
  const reply = await send(gateway.webhookBase, {
    path: `${target.pathname}${target.search}`,
    headers: { ...headers, 'content-length': String(bytes.length) },
    body: bytes,
  });
  if (reply.status >= 300) throw new Error(`${target.pathname} was answered ${reply.status}.`);
  return reply;
}

/** What an attribute of TwiML holds, the first time that it stands there. */
export function attribute(twiml: string, verb: string, name: string): string {
  const found = new RegExp(`<${verb} [^>]*?\\b${name}="([^"]*)"`).exec(twiml)?.[1];
  if (found === undefined) throw new Error(`There is no ${verb} with ${name} in ${twiml}.`);
  return found.replaceAll('&amp;', '&');
}

const at = (second: number) => new Date(Date.UTC(2026, 10, 23, 9, 30, second));
const stamp = (second: number) => at(second).toUTCString().replace('GMT', '+0000');

/** One call that comes in, is taken at the first phone after 11 seconds and lasts 54 more; as Twilio tells and keeps it. */
export class IncomingCall {
  readonly sid: string;
  readonly taken: string;
  readonly ignored: string;
  readonly recording: string;
  readonly sound = wav(3, 2);

  constructor(
    readonly account: string,
    readonly name = 'first',
  ) {
    this.sid = sidOf('CA', name);
    this.taken = sidOf('CA', `${name} taken`);
    this.ignored = sidOf('CA', `${name} ignored`);
    this.recording = sidOf('RE', name);
  }

  /** What Twilio asks first, and what the answer to it says. */
  get beginning(): TwilioRequest {
    return {
      url: `${publicUrl}/webhooks/${this.account}/voice`,
      fields: {
        ...this.#ends,
        CallStatus: 'ringing',
        CallerName: 'MADE UP LTD',
        StirVerstat: 'TN-Validation-Passed-A',
      },
    };
  }

  /** Everything that Twilio tells after that, in the order in which it happens. */
  reports(twiml: string): TwilioRequest[] {
    const status = attribute(twiml, 'Number', 'statusCallback');
    const recorded = attribute(twiml, 'Dial', 'recordingStatusCallback');
    const leg = (
      sid: string,
      to: string,
      sequence: number,
      second: number,
      fields: Record<string, string>,
    ) => ({
      url: status,
      fields: { ...this.#legOf(sid, to), ...reportOf(sequence, second), ...fields },
    });
    const [first, second] = phones;
    const over = { CallStatus: 'completed', CallDuration: '54', SipResponseCode: '200' };
    const dialled = { DialCallSid: this.taken, DialCallStatus: 'completed', DialCallDuration: '54' };
    return [
      leg(this.taken, first, 0, 4, { CallStatus: 'initiated' }),
      leg(this.ignored, second, 0, 4, { CallStatus: 'initiated' }),
      leg(this.taken, first, 1, 5, { CallStatus: 'ringing' }),
      leg(this.ignored, second, 1, 6, { CallStatus: 'ringing' }),
      leg(this.taken, first, 2, 11, { CallStatus: 'in-progress' }),
      leg(this.ignored, second, 2, 11, { CallStatus: 'canceled', SipResponseCode: '487' }),
      { url: recorded, fields: { ...this.#recordingFields, RecordingStatus: 'in-progress' } },
      leg(this.taken, first, 3, 65, over),
      {
        url: attribute(twiml, 'Dial', 'action'),
        fields: { ...this.#ends, CallStatus: 'in-progress', ...dialled },
      },
      {
        url: `${publicUrl}/webhooks/${this.account}/status`,
        fields: { ...this.#ends, ...reportOf(0, 65), CallStatus: 'completed', CallDuration: '65' },
      },
      this.recorded(recorded),
    ];
  }

  /** That the recording is there. */
  recorded(url = `${publicUrl}/webhooks/${this.account}/recording`): TwilioRequest {
    return {
      url,
      fields: { ...this.#recordingFields, RecordingStatus: 'completed', RecordingDuration: '3' },
    };
  }

  /** Puts the call into Twilio's lists as it stood at its end. */
  keepAt(twilio: TwilioCalls, endedAt = at(65)): void {
    const ago = (before: number) => new Date(endedAt.getTime() - before * 1_000);
    const common = { status: 'completed', startedAt: ago(65), endedAt };
    const leg = { from: caller, direction: 'outbound-dial', parent: this.sid } as const;
    twilio.calls.push(
      { ...common, sid: this.sid, from: caller, to: desk.number, direction: 'inbound', durationSeconds: 65 },
      { ...common, ...leg, sid: this.taken, to: phones[0], startedAt: ago(60), durationSeconds: 54 },
      {
        ...common,
        ...leg,
        sid: this.ignored,
        to: phones[1],
        startedAt: ago(60),
        status: 'canceled',
        endedAt: ago(54),
      },
    );
    this.keepRecordingAt(twilio, ago(54));
  }

  keepRecordingAt(twilio: TwilioCalls, createdAt = at(11)): void {
    const { recording: sid, sid: call, sound } = this;
    twilio.recordings.push({
      sid,
      call,
      status: 'completed',
      createdAt,
      durationSeconds: 3,
      channels: 2,
      sound,
    });
  }

  get #ends(): Record<string, string> {
    return { CallSid: this.sid, From: caller, To: desk.number, Direction: 'inbound' };
  }

  #legOf(sid: string, to: string): Record<string, string> {
    return { CallSid: sid, ParentCallSid: this.sid, From: caller, To: to, Direction: 'outbound-dial' };
  }

  get #recordingFields(): Record<string, string> {
    return {
      CallSid: this.sid,
      RecordingSid: this.recording,
      RecordingSource: 'DialVerb',
      RecordingChannels: '2',
      RecordingStartTime: stamp(11),
      RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${desk.accountSid}/Recordings/${this.recording}`,
    };
  }
}

export function reportOf(sequence: number, second: number): Record<string, string> {
  return {
    CallbackSource: 'call-progress-events',
    SequenceNumber: String(sequence),
    Timestamp: stamp(second),
  };
}

/** In an order of chance that is the same every time. */
export function shuffled<Item>(items: readonly Item[], seed: number): Item[] {
  const order = [...items];
  let state = seed;
  for (let index = order.length - 1; index > 0; index -= 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    const other = state % (index + 1);
    [order[index], order[other]] = [order[other] as Item, order[index] as Item];
  }
  return order;
}
