import type { Listed, OutboundCall, TimeWindow } from 'archway/sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { call, routeCall } from '../../connectors/twilio-voice/call.js';
import { mediaRequest } from '../../connectors/twilio-voice/media.js';
import { parse } from '../../connectors/twilio-voice/parse.js';
import { reconcile } from '../../connectors/twilio-voice/reconcile.js';
import { startRecording } from '../../connectors/twilio-voice/recording-start.js';
import { recordings } from '../../connectors/twilio-voice/recordings.js';
import { settingsSchema, type VoiceSettings } from '../../connectors/twilio-voice/settings.js';
import { captureOf } from '../../connectors/twilio-voice/testing.js';
import { phones } from '../support/phone-calls.js';
import { desk } from '../support/traffic.js';
import { sidOf, TwilioCalls, wav } from '../support/twilio-calls.js';
import { noPrism, TwilioJudge } from './support/prism.js';

const base = `/2010-04-01/Accounts/${desk.accountSid}`;
const webhooks = 'https://archway.example.com/webhooks/0192f0c1-5b1e-7c00-8000-00000000a001';
const client = '+12025550142';
const id = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const parent = sidOf('CA', 'parent');
const window: TimeWindow = {
  since: new Date('2026-11-23T09:00:00Z'),
  until: new Date('2026-11-23T11:00:00Z'),
};

describe.skipIf(noPrism !== undefined)("Twilio's description of its API, as a strict server,", () => {
  let judge: TwilioJudge;
  beforeAll(async () => {
    judge = await TwilioJudge.start();
  });
  afterAll(() => judge?.[Symbol.asyncDispose]());
  beforeEach(() => judge.reset());

  const settingsWith = (changes: Record<string, unknown> = {}): VoiceSettings => {
    const { accountSid, authToken, number } = desk;
    const forwardTo = phones.join();
    return settingsSchema.parse({
      accountSid,
      authToken,
      number,
      forwardTo,
      apiBaseUrl: judge.url,
      ...changes,
    });
  };
  const contextOf = (settings = settingsWith()) => ({
    settings,
    signal: AbortSignal.timeout(20_000),
    now: () => new Date(),
  });

  function callTo(to: string, settings = settingsWith()): OutboundCall {
    const routed = routeCall({ to }, settings);
    if (!routed.ok) throw new Error(routed.reason);
    const { from, to: called, ring } = routed.route;
    return { id, from, to: called, ring, callbackUrl: (endpoint) => `${webhooks}/${endpoint}` };
  }

  async function all(listed: AsyncIterable<Listed>): Promise<Listed[]> {
    const items: Listed[] = [];
    for await (const item of listed) items.push(item);
    return items;
  }

  const kindsOf = (items: readonly Listed[]) =>
    items.map((item) => {
      const capture = { ...captureOf('', ''), ...item, provenance: 'reconciled' as const };
      const parsed = parse(capture, { ownAddresses: [desk.number] });
      return parsed.kind === 'events' ? parsed.events[0]?.kind : parsed.reason;
    });

  it.each([
    ['an event that is none', { StatusCallbackEvent: 'vanished', Url: 'nope' }],
    ['a callback that is no URL', { StatusCallback: 'nope' }],
    ['a call to nobody', { To: '' }],
  ])('refuses %s', async (_, wrong: Record<string, string>) => {
    const fields: Record<string, string> = { To: client, From: desk.number, Twiml: '<Response/>', ...wrong };
    if (fields.To === '') delete fields.To;
    const response = await fetch(`${judge.url}${base}/Calls.json`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` },
      body: new URLSearchParams(fields),
    });
    expect(response.status).toBe(422);
  });

  it.each([
    ['in English', {}],
    ['in German, with words of the firm', { language: 'de-DE', notice: 'Wir zeichnen auf & prüfen.' }],
    ['with words of the full length', { notice: 'ä'.repeat(1_000) }],
    ['with a sound file', { notice: 'https://cdn.example.com/notice.mp3?a=1&b=2' }],
  ])('accepts a call %s', async (_, changes) => {
    const settings = settingsWith(changes);
    const { providerId, aliases } = await call(callTo(client, settings), contextOf(settings));
    expect(judge.verdicts).toEqual([`POST ${base}/Calls.json → 201`]);
    expect(aliases).toEqual([`call/${providerId}`]);
    const [{ form }] = judge.calls as [TwilioJudge['calls'][number]];
    expect([form.get('From'), form.get('To')], 'the custodian is rung first').toEqual([
      desk.number,
      phones[0],
    ]);
    expect(form.get('Twiml')).toContain(`>${client}</Number>`);
    expect(form.get('Twiml')?.length, 'Twilio takes no more').toBeLessThanOrEqual(4_000);
    expect(form.getAll('StatusCallbackEvent')).toEqual(['initiated', 'ringing', 'answered', 'completed']);
    expect(form.get('StatusCallback')).toContain(`call=${id}`);
  });

  it('accepts that a call is recorded', async () => {
    const fields = { CallSid: sidOf('CA', 'child'), ParentCallSid: parent, CallStatus: 'in-progress' };
    await startRecording(
      captureOf('connect', new URLSearchParams(fields).toString(), `call=${id}`),
      contextOf(),
    );
    expect(judge.verdicts).toEqual([`POST ${base}/Calls/${parent}/Recordings.json → 200`]);
    expect(judge.calls[0]?.form.get('RecordingChannels')).toBe('dual');
  });

  it('accepts the lists of calls and recordings, page by page, and what stands in them is read', async () => {
    const twilio = await TwilioCalls.open();
    twilio.pageSizeMax = 2;
    judge.answeredBy = twilio.url;
    const startedAt = new Date('2026-11-23T09:30:00Z');
    const common = {
      status: 'completed',
      startedAt,
      endedAt: new Date('2026-11-23T09:31:00Z'),
      from: client,
    };
    const forwarded = { ...common, parent, direction: 'outbound-dial', to: phones[0] } as const;
    // A leg in the window whose parent began before it is asked for by its id.
    const early = { ...common, sid: sidOf('CA', 'early'), startedAt: new Date('2026-11-23T01:00:00Z') };
    twilio.calls.push(
      { ...common, sid: parent, direction: 'inbound', to: desk.number },
      { ...forwarded, sid: sidOf('CA', 'one') },
      { ...forwarded, sid: sidOf('CA', 'two'), to: phones[1], status: 'no-answer' },
      { ...early, direction: 'inbound', to: desk.number },
      { ...forwarded, sid: sidOf('CA', 'three'), parent: early.sid },
      { ...common, sid: sidOf('CA', 'other'), direction: 'inbound', to: '+12025550109' },
    );
    const sound = { channels: 2, durationSeconds: 1, sound: wav(1, 2), status: 'completed' } as const;
    twilio.recordings.push(
      { ...sound, sid: sidOf('RE', 'ours'), call: parent, createdAt: startedAt },
      { ...sound, sid: sidOf('RE', 'other'), call: sidOf('CA', 'other'), createdAt: startedAt },
    );
    const items = await all(reconcile(window, contextOf()));
    expect(kindsOf(items)).toEqual(['call', 'call', 'call', 'call', 'recording']);
    expect(judge.verdicts.filter((verdict) => !verdict.endsWith('→ 200'))).toEqual([]);
    expect(judge.verdicts).toContain(`GET ${base}/Calls/${early.sid}.json → 200`);
    expect(judge.calls[0]?.query.get('PageSize')).toBe('1000');
    expect(judge.calls[0]?.query.get('StartTime>')).toBe('2026-11-23T05:00:00Z');

    judge.calls.splice(0);
    const legs = [{ key: `outbound/${id}`, provider: { CallSid: parent } }];
    const found = await all(recordings({ legs, direction: 'inbound' }, contextOf()));
    expect(kindsOf(found)).toEqual(['recording']);
    expect(judge.verdicts).toEqual([`GET ${base}/Recordings.json → 200`]);
    expect(judge.calls[0]?.query.get('CallSid')).toBe(parent);

    const [event] = found.map((item) => JSON.parse(Buffer.from(item.body).toString()) as { sid: string });
    const reference = `${base}/Recordings/${event?.sid}.wav?RequestedChannels=2`;
    const { url, headers } = mediaRequest(
      { key: 'recording', reference },
      { settings: settingsWith({ apiBaseUrl: twilio.url }) },
    );
    const response = await fetch(url, { headers: headers ?? {} });
    expect(Buffer.from(await response.arrayBuffer()).equals(sound.sound)).toBe(true);
  });

  it('has its own examples of calls and recordings read', async () => {
    const headers = { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` };
    const example = async (name: string) =>
      (await fetch(`${judge.url}${base}/${name}.json`, { headers })).json();
    const { calls } = (await example('Calls')) as { calls: unknown[] };
    const { recordings: sounds } = (await example('Recordings')) as { recordings: unknown[] };
    const items = [
      ...calls.map((each) => ['listed-call', { call: each, parent: null, isFetching: false }] as const),
      ...sounds.map((each) => ['listed-recording', each] as const),
    ].map(([endpoint, body]) => ({ ...captureOf(endpoint, JSON.stringify(body)), method: 'GET' }));
    expect(items.length).toBeGreaterThan(2);
    expect(new Set(kindsOf(items))).toEqual(new Set(['call', 'recording']));
  });
});
