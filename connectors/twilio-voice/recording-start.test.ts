import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startRecording } from './recording-start.js';
import { settingsSchema } from './settings.js';
import { captureOf, subject } from './testing.js';

const own = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const base = 'https://archway.example.com/webhooks/0192f0c1-5b1e-7c00-8000-00000000a001';
const parent = `CA${'1'.repeat(32)}`;
const called = { CallSid: `CA${'2'.repeat(32)}`, ParentCallSid: parent, CallStatus: 'in-progress' };

interface Seen {
  readonly path: string;
  readonly form: URLSearchParams;
}

/** Twilio on this machine, which answers with this status. */
async function open(status = 201) {
  const seen: Seen[] = [];
  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    seen.push({ path: request.url ?? '', form: new URLSearchParams(Buffer.concat(pieces).toString()) });
    const body = status < 300 ? { sid: `RE${'0'.repeat(32)}`, call_sid: parent } : { code: 20404, status };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const apiBaseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const context = {
    settings: settingsSchema.parse({ ...subject.settings, apiBaseUrl }),
    signal: AbortSignal.timeout(10_000),
    now: () => new Date(),
  };
  const start = (fields: Record<string, string>) =>
    startRecording(captureOf('connect', new URLSearchParams(fields).toString(), `call=${own}`), context);
  return { seen, start };
}

it('records the leg whose two sides are the two who talk, on two channels', async () => {
  const { seen, start } = await open();
  await start(called);
  expect(seen.map(({ path }) => path)).toEqual([
    `/2010-04-01/Accounts/${subject.settings.accountSid}/Calls/${parent}/Recordings.json`,
  ]);
  expect([...(seen[0]?.form ?? [])].sort()).toEqual([
    ['RecordingChannels', 'dual'],
    ['RecordingStatusCallback', `${base}/recording?call=${own}#rc=5&rp=all`],
    ['RecordingStatusCallbackEvent', 'absent'],
    ['RecordingStatusCallbackEvent', 'completed'],
    ['RecordingStatusCallbackEvent', 'in-progress'],
    ['RecordingTrack', 'both'],
    ['Trim', 'do-not-trim'],
  ]);
});

it('records nothing when the other side has hung up', async () => {
  const { seen, start } = await open();
  await start({ ...called, CallStatus: 'completed' });
  await start({ CallStatus: 'in-progress' });
  expect(seen).toEqual([]);
});

it('asks once, and says when Twilio refuses', async () => {
  const { seen, start } = await open(404);
  await expect(start(called)).rejects.toMatchObject({ name: 'Failure', kind: 'config' });
  expect(seen).toHaveLength(1);
});
