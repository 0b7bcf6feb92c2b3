import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { settled } from '../crash/support/kept.js';
import { archwayJson } from '../support/command-line.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import { testEndpoints } from '../support/mms.js';
import { concluded } from '../support/outbound.js';
import {
  addLine,
  attribute,
  make,
  phones,
  reportOf,
  shuffled,
  type TwilioRequest,
} from '../support/phone-calls.js';
import { startTestGateway } from '../support/test-gateway.js';
import { desk } from '../support/traffic.js';
import { sidOf, TwilioCalls, wav } from '../support/twilio-calls.js';

interface LoggedCall {
  readonly id: string;
  readonly outcome: string;
  readonly recordings: readonly { readonly state: string }[];
}

const client = '+12025550142';
const custodian = phones[0];
const recording = sidOf('RE', 'outgoing');
const called = sidOf('CA', 'called');

/** Asks for a call to the client; the id under which it is on record. */
async function requested(gateway: GatewayProcess): Promise<string> {
  const body = { account: 'line', to: client, idempotencyKey: randomUUID() };
  return (await gateway.call<{ id: string }>('POST', '/v1/calls', body)).id;
}

/** What Twilio tells of the call that was asked for, in the order in which it happens, from the moment both talk on. */
function reports(first: string, statusUrl: string, action: string): TwilioRequest[] {
  const common = { From: desk.number };
  const fetching = { ...common, CallSid: first, To: custodian, Direction: 'outbound-api' };
  const other = { ...common, CallSid: called, ParentCallSid: first, To: client, Direction: 'outbound-dial' };
  const over = { CallStatus: 'completed', CallDuration: '120' };
  return [
    { url: statusUrl, fields: { ...fetching, CallStatus: 'ringing', ...reportOf(1, 1) } },
    { url: statusUrl, fields: { ...fetching, CallStatus: 'in-progress', ...reportOf(2, 9) } },
    { url: statusUrl, fields: { ...other, CallStatus: 'ringing', ...reportOf(1, 12) } },
    { url: statusUrl, fields: { ...other, CallStatus: 'in-progress', ...reportOf(2, 20) } },
    { url: statusUrl, fields: { ...other, ...over, ...reportOf(3, 140) } },
    {
      url: action,
      fields: { ...fetching, CallStatus: 'in-progress', DialCallSid: called, DialCallStatus: 'completed' },
    },
    {
      url: statusUrl,
      fields: { ...fetching, CallStatus: 'completed', CallDuration: '132', ...reportOf(3, 141) },
    },
  ];
}

/** That the recording of a call is there. */
function recordedAt(url: string, call: string): TwilioRequest {
  const RecordingUrl = `https://api.twilio.com/2010-04-01/Accounts/${desk.accountSid}/Recordings/${recording}`;
  return {
    url,
    fields: {
      ...{ CallSid: call, RecordingSid: recording, RecordingSource: 'StartCallRecordingAPI', RecordingUrl },
      ...{ RecordingStatus: 'completed', RecordingDuration: '2', RecordingChannels: '2' },
    },
  };
}

it('a call that goes out rings the custodian, tells both, records after that, and is one call in the log', async () => {
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  await addLine(gateway, twilio);
  const id = await requested(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
  const [{ form }] = twilio.asked as [(typeof twilio.asked)[number]];
  expect([form.get('From'), form.get('To')]).toEqual([desk.number, custodian]);
  const twiml = form.get('Twiml') ?? '';
  expect(twiml.indexOf('<Say')).toBeLessThan(twiml.indexOf('<Dial'));
  expect(twiml).not.toMatch(/\brecord="|<Record/);
  const first = sidOf('CA', 'asked 1');

  // The other side comes: the notice, then the recording is asked for, and only then the two are connected.
  const leg = {
    CallSid: called,
    ParentCallSid: first,
    From: desk.number,
    To: client,
    Direction: 'outbound-dial',
  };
  const fields = { ...leg, CallStatus: 'in-progress' };
  const notice = await make(gateway, { url: attribute(twiml, 'Number', 'url'), fields });
  expect(notice.body).toContain('<Say');
  expect(twilio.asked, 'nothing is recorded while the notice is said').toHaveLength(1);
  const connect = attribute(notice.body, 'Gather', 'action');
  const { body: end } = await make(gateway, { url: connect, fields: { ...fields, msg: 'Gather End' } });
  expect(end).not.toMatch(/<(?:Say|Dial|Hangup)/);
  const recorded = twilio.asked[1];
  expect(recorded?.path).toContain(`/Calls/${first}/Recordings.json`);

  const sound = wav(2, 2);
  const status = form.get('StatusCallback') ?? '';
  const all = [
    ...reports(first, status, attribute(twiml, 'Dial', 'action')),
    recordedAt(recorded?.form.get('RecordingStatusCallback') ?? '', first),
  ];
  const kept = { sid: recording, call: first, status: 'completed', createdAt: new Date() };
  twilio.recordings.push({ ...kept, durationSeconds: 2, channels: 2, sound });
  for (const request of shuffled(all, 3)) await make(gateway, request);

  let log: LoggedCall[] = [];
  const isDone = async () => {
    log = await gateway.list<LoggedCall>('/v1/calls');
    return log.some(({ recordings }) => recordings.length > 0 && recordings[0]?.state !== 'referenced');
  };
  await until(isDone, 60_000, 'The recording was not fetched');
  await settled(gateway);
  expect(await gateway.list('/v1/calls')).toMatchObject([
    {
      direction: 'outbound',
      from: desk.number,
      to: client,
      forwardedTo: [custodian],
      outcome: 'answered',
      answeredAt: '2026-11-23T09:30:20.000Z',
      talkSeconds: 120,
      recordings: [{ state: 'stored', durationSeconds: 2, channels: 2 }],
    },
  ]);
  expect(await archwayJson(gateway, 'calls')).toMatchObject([{ outcome: 'answered', to: client }]);
  const records = await gateway.list<Envelope>('/v1/records');
  expect(records.map(({ skeleton }) => skeleton.kind)).not.toContain('conflict');
  await gateway.stop();
});

it('a call whose answer was lost is not asked for again, and its reports find it', async () => {
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  await addLine(gateway, twilio);
  twilio.isSilent = true;
  const id = await requested(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'indeterminate' });
  expect(twilio.asked).toHaveLength(1);
  const { form } = twilio.asked[0] as (typeof twilio.asked)[number];
  const first = sidOf('CA', 'asked 1');
  const action = attribute(form.get('Twiml') ?? '', 'Dial', 'action');
  for (const request of shuffled(reports(first, form.get('StatusCallback') ?? '', action), 5)) {
    await make(gateway, request);
  }
  await settled(gateway);
  expect(await gateway.list('/v1/calls')).toMatchObject([
    { outcome: 'answered', to: client, talkSeconds: 120 },
  ]);
  expect(twilio.asked).toHaveLength(1);
  await gateway.stop();
});
