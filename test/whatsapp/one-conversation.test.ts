import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { settled } from '../crash/support/kept.js';
import { archway } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { addLine, caller, IncomingCall, make } from '../support/phone-calls.js';
import { startTestGateway } from '../support/test-gateway.js';
import { addDesk, desk, send, signedForm, smsFields } from '../support/traffic.js';
import { TwilioCalls } from '../support/twilio-calls.js';
import { until } from '../support/until.js';
import { WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, testEndpoints, untilState } from './support/account.js';

interface Entry {
  readonly kind: string;
  readonly channel: string | null;
  readonly from: string | null;
  readonly to: readonly string[];
  readonly occurredAt: string | null;
  readonly routing: Readonly<Record<string, string>> | null;
  readonly custodian: { readonly name: string } | null;
  readonly contact: { readonly name: string } | null;
  readonly attachments: readonly { readonly state: string }[];
  readonly call: { readonly outcome: string; readonly recordings: readonly object[] } | null;
  readonly history: readonly object[];
}

/** Waits until the bytes of so many files are kept, and everything is in the archive. */
async function untilFilesAreKept(gateway: GatewayProcess, count: number): Promise<void> {
  await until(async () => {
    const calls = await gateway.list<{ recordings: { state: string }[] }>('/v1/calls');
    const messages = await gateway.list<{ attachments: { state: string }[] }>('/v1/messages');
    const files = [
      ...calls.flatMap(({ recordings }) => recordings),
      ...messages.flatMap(({ attachments }) => attachments),
    ];
    return files.length === count && files.every(({ state }) => state === 'stored');
  });
  await settled(gateway);
}

/** Of the journal, not of a view of it. */
async function everyRecordNames(gateway: GatewayProcess, people: object): Promise<void> {
  // An alias tells of one end only.
  const records = (await gateway.list<Envelope>('/v1/records')).filter(
    ({ content }) => content.kind !== 'alias',
  );
  const kinds = new Set(records.map(({ content }) => content.kind));
  expect([...kinds].sort()).toEqual(['attachment', 'call', 'message', 'recording']);
  expect(records).toMatchObject(records.map(() => ({ content: people })));
}

it('two people have one conversation over SMS, WhatsApp and a call, and its history shows who, whom, when and how', async () => {
  await using server = await WhatsAppServer.start();
  const twilio = await TwilioCalls.open();
  const gateway = await startTestGateway(testEndpoints);
  const mobile = server.phone.jid.replace(/(\d+)@.*/, '+$1');
  const people = [
    ['custodian', 'add', 'Dana', '--address', desk.number, '--address', mobile],
    ['contact', 'add', 'Lena', '--address', caller],
  ];
  for (const person of people) expect((await archway(gateway, ...person)).code).toBe(0);

  const texts = await addDesk(gateway);
  const sms = smsFields({ sid: `SM${'a'.repeat(32)}`, from: caller, text: 'May I send you the chart?' });
  const form = new URLSearchParams(Object.fromEntries(sms)).toString();
  expect((await send(gateway.webhookBase, signedForm(texts, form))).status).toBe(200);

  await addPhone(gateway, server, `number=${mobile}`);
  await untilState(gateway, 'awaiting-pairing');
  const device = await linkPhone(gateway, server);
  const lena = server.peer({ phone: caller, pushName: 'Lena' });
  const chart = server.media.put(Buffer.from('a chart'), 'image');
  await lena.send(device, { imageMessage: { ...chart, mimetype: 'image/png', caption: 'Here it is' } });

  await until(async () => (await gateway.list('/v1/messages')).length === 2);

  const call = new IncomingCall(await addLine(gateway, twilio));
  call.keepRecordingAt(twilio);
  const { body: twiml } = await make(gateway, call.beginning);
  for (const report of call.reports(twiml)) await make(gateway, report);

  await untilFilesAreKept(gateway, 2);

  const conversations = await gateway.list<{ id: string }>('/v1/conversations');
  expect(conversations).toMatchObject([
    { channels: ['sms', 'voice', 'whatsapp'], messages: 2, calls: 1, custodian: { name: 'Dana' } },
  ]);
  const entries = await gateway.list<Entry>(`/v1/conversations/${conversations[0]?.id}`);
  const both = { custodian: { name: 'Dana' }, contact: { name: 'Lena' } };
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  const now = { custodianNow: { name: 'Dana' }, contactNow: { name: 'Lena' } };
  expect(entries).toMatchObject(entries.map(() => ({ ...both, ...now })));
  for (const { history } of entries) expect(history).toMatchObject(history.map(() => both));
  await everyRecordNames(gateway, both);
  // The bytes of the picture have a record of their own beside it.
  expect(entries.filter(({ kind }) => kind !== 'attachment')).toMatchObject([
    { ...both, channel: 'sms', from: caller, to: [desk.number], routing: { NumSegments: '1' } },
    {
      ...both,
      channel: 'whatsapp',
      from: lena.jid,
      to: [server.phone.jid],
      occurredAt: time,
      attachments: [{ state: 'stored' }],
    },
    {
      ...both,
      channel: 'voice',
      from: caller,
      to: [desk.number],
      call: {
        outcome: 'answered',
        startedAt: time,
        routing: { StirVerstat: 'TN-Validation-Passed-A' },
        recordings: [{ state: 'stored', durationSeconds: 3, channels: 2 }],
      },
    },
  ]);
});
