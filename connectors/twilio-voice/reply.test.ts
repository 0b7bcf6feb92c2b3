import type { Capture, Reply } from 'archway/sdk';
import { SaxesParser } from 'saxes';
import { describe, expect, it } from 'vitest';
import connector from './index.js';
import { settingsSchema, type VoiceSettings } from './settings.js';
import { captureOf, sign, subject } from './testing.js';
import { callOut } from './twiml.js';
import { withCarried } from './urls.js';

const base = 'https://archway.example.com/webhooks/0192f0c1-5b1e-7c00-8000-00000000a001';
const own = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const [first, second] = ['+14155550110', '+14155550111'];

interface Verb {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
}

/** The verbs and nouns in the order in which Twilio carries them out. Throws at anything that is not well-formed XML. */
function verbsOf(xml: string): Verb[] {
  const verbs: Verb[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    verbs.push({ name, attributes: attributes as Record<string, string>, text: '' });
  });
  parser.on('text', (text) => {
    const last = verbs.at(-1);
    if (last !== undefined) last.text += text;
  });
  parser.write(xml).close();
  return verbs;
}

function settingsWith(changes: Record<string, unknown> = {}): VoiceSettings {
  return settingsSchema.parse({ ...subject.settings, ...changes });
}

function replyTo(
  endpoint: string,
  fields: Record<string, string>,
  settings = settingsWith(),
  query?: string,
): Reply {
  const capture: Capture = sign(captureOf(endpoint, new URLSearchParams(fields).toString(), query));
  const webhook = connector.webhooks[endpoint];
  expect(webhook?.verify(capture, settings)).toEqual({ ok: true });
  return webhook?.reply?.(capture, settings) as Reply;
}

function twimlFor(...request: Parameters<typeof replyTo>): Verb[] {
  const { status, headers, body } = replyTo(...request);
  expect([status, headers['content-type']]).toEqual([200, 'text/xml; charset=utf-8']);
  return verbsOf(body);
}

const namesOf = (verbs: readonly Verb[]) => verbs.map(({ name }) => name);
const named = (verbs: readonly Verb[], name: string) => verbs.filter((verb) => verb.name === name);

/** Whether nothing records, or has others record, before a notice was said or played to its end. */
function noticeComesFirst(verbs: readonly Verb[]): boolean {
  const notice = verbs.findIndex(
    ({ name, text }) => name === 'Play' || (name === 'Say' && text === notices.de),
  );
  const recording = verbs.findIndex(
    ({ name, attributes }) =>
      name === 'Record' || name === 'Recording' || (attributes.record ?? 'do-not-record') !== 'do-not-record',
  );
  return recording === -1 || (notice !== -1 && notice < recording);
}

const notices = { de: 'Dieses Gespräch wird aufgezeichnet.', en: 'This call is recorded.' };
const call = {
  CallSid: 'CA1',
  From: '+12025550123',
  To: '+12025550100',
  Direction: 'inbound',
  CallStatus: 'ringing',
};
const dialled = { ...call, CallStatus: 'in-progress', DialCallSid: 'CA2' };

describe('a call that comes in', () => {
  it('hears the notice in the account’s language before it is forwarded and recorded on two channels', () => {
    const verbs = twimlFor('voice', call);
    expect(namesOf(verbs)).toEqual(['Response', 'Say', 'Dial', 'Number', 'Number']);
    const [, say, dial, ...numbers] = verbs;
    expect(say).toMatchObject({ attributes: { language: 'de-DE' }, text: notices.de });
    expect(dial?.attributes).toMatchObject({
      record: 'record-from-answer-dual',
      recordingStatusCallback: `${base}/recording#rc=5&rp=all`,
      recordingStatusCallbackEvent: 'in-progress completed absent',
      action: `${base}/dial?turn=0#rc=5&rp=all`,
    });
    expect(numbers.map(({ text }) => text)).toEqual([first, second]);
    for (const { attributes } of numbers) {
      expect(attributes).toEqual({
        statusCallback: `${base}/status#rc=5&rp=all`,
        statusCallbackEvent: 'initiated ringing answered completed',
      });
    }
    expect(noticeComesFirst(verbs)).toBe(true);
  });

  it('speaks English where nothing else was asked for', () => {
    const [, say] = twimlFor('voice', call, settingsWith({ language: undefined }));
    expect(say).toMatchObject({ attributes: { language: 'en-US' }, text: notices.en });
  });

  it('hears the firm’s own words, or its sound file', () => {
    const words = 'Wir zeichnen auf & <prüfen>.';
    expect(twimlFor('voice', call, settingsWith({ notice: words }))[1]).toMatchObject({
      name: 'Say',
      text: words,
    });
    const notice = 'https://cdn.example.com/notice.mp3?a=1&b=2';
    const verbs = twimlFor('voice', call, settingsWith({ notice }));
    expect(verbs[1]).toMatchObject({ name: 'Play', text: notice });
    expect(noticeComesFirst(verbs)).toBe(true);
  });

  it('rings one number after the other, and then takes a message', () => {
    const settings = settingsWith({ ring: 'in-turn' });
    const numberOf = (verbs: Verb[]) => named(verbs, 'Number').map(({ text }) => text);
    const begin = twimlFor('voice', call, settings);
    expect([numberOf(begin), begin[2]?.attributes.action]).toEqual([
      [first],
      `${base}/dial?turn=0#rc=5&rp=all`,
    ]);
    const busy = { ...dialled, DialCallStatus: 'busy' };
    const next = twimlFor('dial', busy, settings, 'turn=0');
    expect(namesOf(next)).toEqual(['Response', 'Dial', 'Number']);
    expect([numberOf(next), next[1]?.attributes.action]).toEqual([
      [second],
      `${base}/dial?turn=1#rc=5&rp=all`,
    ]);
    expect(next[1]?.attributes.record).toBe('record-from-answer-dual');
    expect(namesOf(twimlFor('dial', busy, settings, 'turn=1'))).toEqual([
      'Response',
      'Say',
      'Record',
      'Hangup',
    ]);
  });

  it('leaves a message after the tone, and is not asked for another', () => {
    for (const status of ['no-answer', 'busy', 'failed', 'canceled']) {
      const verbs = twimlFor('dial', { ...dialled, DialCallStatus: status }, settingsWith(), 'turn=0');
      expect(namesOf(verbs)).toEqual(['Response', 'Say', 'Record', 'Hangup']);
      expect(verbs[2]?.attributes).toMatchObject({
        playBeep: 'true',
        maxLength: '300',
        action: `${base}/voicemail#rc=5&rp=all`,
        recordingStatusCallback: `${base}/recording#rc=5&rp=all`,
      });
    }
    expect(namesOf(twimlFor('voicemail', { ...call, CallStatus: 'in-progress' }))).toEqual([
      'Response',
      'Hangup',
    ]);
  });

  it('reaches the voicemail at once where there is nobody to ring, with the notice before it', () => {
    const verbs = twimlFor('voice', call, settingsWith({ forwardTo: undefined }));
    expect(namesOf(verbs)).toEqual(['Response', 'Say', 'Say', 'Record', 'Hangup']);
    expect(noticeComesFirst(verbs)).toBe(true);
  });

  it('ends where the voicemail is off', () => {
    const settings = settingsWith({ voicemail: 'off' });
    expect(
      namesOf(twimlFor('dial', { ...dialled, DialCallStatus: 'no-answer' }, settings, 'turn=0')),
    ).toEqual(['Response', 'Hangup']);
  });

  it('ends when those who talked have finished, and when the caller has hung up', () => {
    const over = [
      { ...dialled, DialCallStatus: 'completed' },
      { ...dialled, DialCallStatus: 'answered' },
      { ...dialled, CallStatus: 'completed', DialCallStatus: 'no-answer' },
    ];
    for (const fields of over) {
      expect(namesOf(twimlFor('dial', fields, settingsWith({ ring: 'in-turn' }), 'turn=0'))).toEqual([
        'Response',
        'Hangup',
      ]);
    }
  });

  it('is answered whichever of the two URLs was pasted where, and a report never is', () => {
    expect(replyTo('status', call)).toEqual(replyTo('voice', call));
    const report = {
      ...call,
      CallbackSource: 'call-progress-events',
      SequenceNumber: '0',
      CallStatus: 'in-progress',
    };
    for (const endpoint of ['voice', 'status']) {
      expect(replyTo(endpoint, report)).toEqual({ status: 204, headers: {}, body: '' });
      expect(replyTo(endpoint, { ...call, CallStatus: 'completed' }).status).toBe(204);
    }
    expect(replyTo('recording', { RecordingSid: 'RE1', RecordingStatus: 'completed' }).status).toBe(204);
  });

  it('is forwarded by URLs that lie under the public one, whatever stands behind it', () => {
    const capture = sign({ ...captureOf('voice', ''), url: 'https://example.com/a/b/webhooks/1/voice?x=1' });
    const body = connector.webhooks.voice?.reply?.(
      { ...capture, body: Buffer.from(new URLSearchParams(call).toString()) },
      settingsWith(),
    ).body;
    expect(verbsOf(body ?? '')[2]?.attributes.action).toBe(
      'https://example.com/a/b/webhooks/1/dial?turn=0#rc=5&rp=all',
    );
  });
});

describe('a call that goes out', () => {
  const to = '+12025550142';
  const outgoing = () =>
    callOut(settingsWith(), to, own, (endpoint, carried) =>
      withCarried(`${base}/${endpoint}`, carried ?? {}),
    );
  const notice = {
    CallSid: 'CA2',
    ParentCallSid: 'CA1',
    From: '+12025550100',
    To: to,
    CallStatus: 'in-progress',
  };

  it('tells the custodian of the recording, then rings the other side from the account’s number, and records nothing yet', () => {
    const verbs = verbsOf(outgoing());
    expect(namesOf(verbs)).toEqual(['Response', 'Say', 'Dial', 'Number']);
    expect(verbs[1]).toMatchObject({ text: notices.de });
    expect(verbs[2]?.attributes).toMatchObject({
      callerId: '+12025550100',
      answerOnBridge: 'true',
      action: `${base}/dial?call=${own}#rc=5&rp=all`,
    });
    expect(verbs[2]?.attributes.record, 'the other side has heard no notice yet').toBeUndefined();
    expect(verbs[3]).toMatchObject({
      text: to,
      attributes: {
        url: `${base}/notice?call=${own}#rc=5&rp=all`,
        statusCallback: `${base}/status?call=${own}#rc=5&rp=all`,
        statusCallbackEvent: 'initiated ringing answered completed',
      },
    });
  });

  it('tells the other side before the two are connected, with the verbs that Twilio allows there', () => {
    const verbs = twimlFor('notice', notice, settingsWith(), `call=${own}`);
    expect(namesOf(verbs)).toEqual(['Response', 'Say', 'Gather']);
    expect(verbs[1], 'not inside Gather, where a key would cut it short').toMatchObject({ text: notices.de });
    expect(verbs[2]?.attributes).toMatchObject({
      actionOnEmptyResult: 'true',
      action: `${base}/connect?call=${own}#rc=5&rp=all`,
    });
  });

  it('connects the two once the notice is over', () => {
    expect(namesOf(twimlFor('connect', notice, settingsWith(), `call=${own}`))).toEqual(['Response']);
  });

  it('never ends at the voicemail or the custodian’s other numbers', () => {
    const fields = {
      ...dialled,
      Direction: 'outbound-api',
      From: '+12025550100',
      To: first,
      DialCallStatus: 'busy',
    };
    for (const query of [`call=${own}`, undefined]) {
      expect(namesOf(twimlFor('dial', fields, settingsWith({ ring: 'in-turn' }), query))).toEqual([
        'Response',
        'Hangup',
      ]);
    }
  });

  it('puts no number into a URL', () => {
    const urls = [outgoing(), replyTo('voice', call).body].flatMap((xml) => xml.match(/https:[^"<]*/g) ?? []);
    expect(urls.length).toBeGreaterThan(5);
    for (const url of urls) expect(decodeURIComponent(url)).not.toMatch(/\+?\d{10}/);
  });
});

describe('the order that is promised', () => {
  it('holds for every reply under every setting', () => {
    for (const ring of ['all', 'in-turn'])
      for (const voicemail of [undefined, 'off', 'Nach dem Ton.'])
        for (const forwardTo of [undefined, first, `${first},${second}`]) {
          if (voicemail === 'off' && forwardTo === undefined) continue;
          expect(
            noticeComesFirst(twimlFor('voice', call, settingsWith({ ring, voicemail, forwardTo }))),
          ).toBe(true);
        }
  });

  it('would be seen to be broken', () => {
    const broken = [
      '<Response><Dial record="record-from-answer-dual"/><Say>Dieses Gespräch wird aufgezeichnet.</Say></Response>',
      '<Response><Start><Recording/></Start><Say>Dieses Gespräch wird aufgezeichnet.</Say></Response>',
      '<Response><Say>Guten Tag.</Say><Record/></Response>',
    ];
    for (const xml of broken) expect(noticeComesFirst(verbsOf(xml))).toBe(false);
    expect(() => verbsOf('<Response><Say>a & b</Say></Response>')).toThrow();
  });
});
