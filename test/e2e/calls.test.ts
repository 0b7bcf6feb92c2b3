import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { archiveFiles, settled } from '../crash/support/kept.js';
import { archway, archwayJson } from '../support/command-line.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import { testEndpoints } from '../support/mms.js';
import {
  addLine,
  attribute,
  caller,
  IncomingCall,
  make,
  phones,
  reportOf,
  shuffled,
} from '../support/phone-calls.js';
import { startTestGateway } from '../support/test-gateway.js';
import { desk } from '../support/traffic.js';
import { sidOf, TwilioCalls, wav } from '../support/twilio-calls.js';

interface LoggedRecording {
  readonly id: string;
  readonly state: string;
  readonly sha256: string | null;
  readonly byteLength: number | null;
  readonly durationSeconds: number | null;
  readonly channels: number | null;
}

interface LoggedCall {
  readonly id: string;
  readonly outcome: string;
  readonly talkSeconds: number | null;
  readonly recordings: readonly LoggedRecording[];
}

/** Waits until there are so many calls and the sound of all recordings is kept, or cannot be. */
async function calls(gateway: GatewayProcess, recordings = 1): Promise<LoggedCall[]> {
  let found: LoggedCall[] = [];
  const isDone = async () => {
    found = await gateway.list<LoggedCall>('/v1/calls');
    const all = found.flatMap((call) => call.recordings);
    return all.length >= recordings && all.every(({ state }) => state !== 'referenced');
  };
  await until(isDone, 60_000, 'Not every recording was fetched');
  await settled(gateway);
  return gateway.list<LoggedCall>('/v1/calls');
}

/** The call as the log shall have it, whatever became of the order of its reports. */
function answered(call: IncomingCall): object {
  const { sound } = call;
  return {
    direction: 'inbound',
    connector: 'twilio-voice',
    from: caller,
    to: desk.number,
    forwardedTo: expect.arrayContaining([...phones]),
    outcome: 'answered',
    startedAt: '2026-11-23T09:30:04.000Z',
    answeredAt: '2026-11-23T09:30:11.000Z',
    endedAt: '2026-11-23T09:31:05.000Z',
    talkSeconds: 54,
    routing: expect.objectContaining({ StirVerstat: 'TN-Validation-Passed-A' }),
    recordings: [
      expect.objectContaining({
        state: 'stored',
        byteLength: sound.length,
        sha256: digestOf(sound),
        durationSeconds: 3,
        channels: 2,
      }),
    ],
  };
}

function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

interface Sound {
  readonly durationSeconds: number;
  readonly channels: number;
}

/**
 * The sound lies in the archive; the records of the recording and of its bytes, which come with them, say how long it is and on
 * how many channels.
 */
async function expectArchived(
  gateway: GatewayProcess,
  bytes: Buffer,
  sound: Sound,
  recording: { readonly voicemail?: true } = {},
): Promise<void> {
  const [instance] = await gateway.list<{ id: string }>('/v1/instances');
  const sha256 = digestOf(bytes);
  const folders = [instance?.id ?? '', 'attachments', sha256.slice(0, 2), sha256.slice(2, 4)];
  const kept = await readFile(join(gateway.dataDirectory, 'archive', ...folders, sha256));
  expect(kept.equals(bytes)).toBe(true);
  const records = await gateway.list<Envelope>('/v1/records');
  const contents = records.map(({ content }) => content);
  expect(contents).toContainEqual(
    expect.objectContaining({ kind: 'recording', status: 'completed', ...sound, ...recording }),
  );
  const attachment = expect.objectContaining({ kind: 'attachment', sha256, ...sound });
  expect(contents).toContainEqual(attachment);
  const files = await Promise.all((await archiveFiles(gateway)).map((file) => readFile(file, 'utf8')));
  expect(files.map((file) => (JSON.parse(file) as Envelope).content)).toContainEqual(attachment);
  expect((await archway(gateway, 'sink', 'inspect')).code).toBe(0);
}

it('a call that comes in is forwarded, logged and recorded, whatever becomes of the order of its reports', async () => {
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  const account = await addLine(gateway, twilio);
  const call = new IncomingCall(account);
  call.keepRecordingAt(twilio);
  const { body: twiml } = await make(gateway, call.beginning);
  expect(twiml.indexOf('<Say')).toBeLessThan(twiml.indexOf('<Dial'));
  const reports = call.reports(twiml);
  // Everything twice, and nothing in its order; once the process dies between.
  const [before, after] = [shuffled(reports, 7), shuffled(reports, 11)];
  for (const request of before.slice(0, 6)) await make(gateway, request);
  await gateway.killNow();
  await gateway.start();
  for (const request of [...before, ...after, call.beginning]) await make(gateway, request);

  const logged = await calls(gateway);
  expect(logged).toEqual([expect.objectContaining(answered(call))]);
  await expectArchived(gateway, call.sound, { durationSeconds: 3, channels: 2 });
  const printed = await archwayJson<LoggedCall>(gateway, 'calls');
  expect(printed).toMatchObject([{ id: logged[0]?.id, outcome: 'answered', talkSeconds: 54 }]);
  const kinds = (await gateway.list<Envelope>('/v1/records')).map(({ skeleton }) => skeleton.kind);
  expect(kinds.filter((kind) => kind === 'conflict' || kind === 'gap' || kind === 'unsupported')).toEqual([]);
  expect(kinds.filter((kind) => kind === 'recording')).toHaveLength(2);
  await gateway.stop();
});

it('a caller whom nobody answers leaves a message, which is kept; a recording that comes late is kept too', async () => {
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  const account = await addLine(gateway, twilio, { ring: 'in-turn' });
  const call = new IncomingCall(account, 'missed');
  const ends = { CallSid: call.sid, From: caller, To: desk.number, Direction: 'inbound' };
  let { body: twiml } = await make(gateway, call.beginning);
  for (const [turn, phone] of phones.entries()) {
    expect(twiml).toContain(`>${phone}</Number>`);
    const leg = { CallSid: sidOf('CA', phone), ParentCallSid: call.sid, From: caller, To: phone };
    await make(gateway, {
      url: attribute(twiml, 'Number', 'statusCallback'),
      fields: {
        ...leg,
        Direction: 'outbound-dial',
        CallStatus: 'no-answer',
        ...reportOf(2, 25 * (turn + 1)),
      },
    });
    const dialled = { DialCallSid: leg.CallSid, DialCallStatus: 'no-answer', CallStatus: 'in-progress' };
    twiml = (
      await make(gateway, { url: attribute(twiml, 'Dial', 'action'), fields: { ...ends, ...dialled } })
    ).body;
  }
  const action = attribute(twiml, 'Record', 'action');
  await make(gateway, { url: action, fields: { ...ends, CallStatus: 'completed' } });
  const status = call.beginning.url.replace('voice', 'status');
  const over = { CallStatus: 'completed', CallDuration: '80', ...reportOf(0, 80) };
  await make(gateway, { url: status, fields: { ...ends, ...over } });
  await settled(gateway);
  expect(await gateway.list<LoggedCall>('/v1/calls')).toMatchObject([
    { outcome: 'no-answer', recordings: [] },
  ]);

  const sound = wav(2, 1);
  const sid = sidOf('RE', 'left');
  twilio.recordings.push({
    ...{ sid, call: call.sid, source: 'RecordVerb', status: 'completed', createdAt: new Date() },
    ...{ durationSeconds: 2, channels: 1, sound },
  });
  await make(gateway, {
    url: attribute(twiml, 'Record', 'recordingStatusCallback'),
    fields: {
      ...{
        CallSid: call.sid,
        RecordingSid: sid,
        RecordingSource: 'RecordVerb',
        RecordingStatus: 'completed',
      },
      ...{ RecordingDuration: '2', RecordingChannels: '1' },
      RecordingUrl: `https://api.twilio.com/2010-04-01/Accounts/${desk.accountSid}/Recordings/${sid}`,
    },
  });
  expect(await calls(gateway)).toMatchObject([
    {
      outcome: 'voicemail',
      talkSeconds: 0,
      recordings: [{ durationSeconds: 2, channels: 1, state: 'stored' }],
    },
  ]);
  await expectArchived(gateway, sound, { durationSeconds: 2, channels: 1 }, { voicemail: true });
  await gateway.stop();
});

it('a call that was missed altogether is listed afterwards, with its legs and its recording, and once', async () => {
  const twilio = await TwilioCalls.open();
  twilio.pageSizeMax = 2;
  const gateway = await startTestGateway(testEndpoints);
  const account = await addLine(gateway, twilio);
  const call = new IncomingCall(account, 'unheard');
  const endedAt = new Date(Date.now() - 600_000);
  call.keepAt(twilio, endedAt);
  const stranger = { sid: sidOf('CA', 'other'), from: caller, to: '+12025550109', status: 'completed' };
  twilio.calls.push({ ...stranger, direction: 'inbound', startedAt: endedAt, endedAt, durationSeconds: 1 });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  for (let time = 0; time < 2; time += 1) {
    expect((await archway(gateway, 'account', 'reconcile', 'line', '--since', since)).code).toBe(0);
    const isDone = async () => {
      const all = await gateway.list<{ state: string }>('/v1/reconciliations');
      return all.length > time && all.every(({ state }) => state === 'done');
    };
    await until(isDone, 60_000, 'The calls were not listed');
  }
  const logged = await calls(gateway);
  expect(logged).toMatchObject([
    { direction: 'inbound', from: caller, to: desk.number, outcome: 'answered', talkSeconds: 54 },
  ]);
  expect(logged[0]?.recordings).toMatchObject([{ state: 'stored', durationSeconds: 3, channels: 2 }]);
  const records = await gateway.list<Envelope>('/v1/records');
  const told = records.map(({ skeleton }) => `${skeleton.kind} ${skeleton.provenance}`);
  expect(told.filter((each) => each.startsWith('call'))).toEqual(Array(3).fill('call reconciled'));
  expect(told.filter((each) => each.startsWith('recording'))).toEqual(['recording reconciled']);

  // What was listed and comes by webhook after all is nothing new.
  for (const request of [call.beginning, call.recorded()]) await make(gateway, request);
  await settled(gateway);
  expect(await gateway.list('/v1/calls')).toHaveLength(1);
  const kinds = (await gateway.list<Envelope>('/v1/records')).map(({ skeleton }) => skeleton.kind);
  expect(kinds).not.toContain('conflict');
  expect(kinds.filter((kind) => kind === 'recording')).toHaveLength(1);
  await gateway.stop();
});
