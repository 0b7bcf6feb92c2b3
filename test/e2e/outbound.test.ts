import { expect, it } from 'vitest';
import type { Envelope } from '../../src/sdk/index.js';
import { settled } from '../crash/support/kept.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import {
  addDeskAtTwilio,
  client,
  concluded,
  type HistoryEntry,
  type Outbound,
  request,
  requested,
  uploaded,
} from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { desk, send, signedForm, smsFields } from '../support/traffic.js';
import { breaking, refusing, report, TwilioApi, taken } from '../support/twilio-api.js';

interface Shown {
  readonly direction: string;
  readonly text: string;
  readonly status: string;
  readonly history: readonly HistoryEntry[];
}

const show = (gateway: GatewayProcess, id: string) => gateway.call<Shown>('GET', `/v1/messages/${id}`);
const stepsOf = ({ history }: Shown) => history.map(({ kind, status }) => status ?? kind);

it('sends a message that is on record before it leaves, and follows it to its delivery', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  const before: Envelope[] = [];
  api.answer = async (seen, response) => {
    before.push(...(await gateway.list<Envelope>('/v1/records')));
    taken(seen, response);
  };
  const id = await requested(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', attempts: 1, reason: null });
  expect(
    before.map(({ skeleton }) => skeleton.kind),
    'when Twilio was asked',
  ).toEqual(['message']);
  const [seen] = api.seen;
  expect(seen).toMatchObject({
    path: `/2010-04-01/Accounts/${desk.accountSid}/Messages.json`,
    authorization: `Basic ${Buffer.from(`${desk.accountSid}:${desk.authToken}`).toString('base64')}`,
    to: client,
    text: 'Your order is done.',
  });
  await report(gateway, seen!, 'sent');
  await report(gateway, seen!, 'delivered');
  await settled(gateway);
  const shown = await show(gateway, id);
  expect(shown).toMatchObject({ direction: 'outbound', text: 'Your order is done.', status: 'delivered' });
  expect(stepsOf(shown)).toEqual(['message', 'accepted', 'sent', 'delivered']);
  expect(api.seen).toHaveLength(1);
  expect(gateway.log).not.toContain(client);
  expect(gateway.log).not.toContain('Your order');
  await gateway.stop();
});

it('takes no reaction where the channel has none, nor one that is more than that', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  const account = await addDeskAtTwilio(gateway, api);
  const fields = smsFields({ sid: `SM${'a'.repeat(32)}`, from: client, text: 'Is it done?' });
  const body = new URLSearchParams(fields).toString();
  expect((await send(gateway.webhookBase, signedForm(account, body))).status).toBe(200);
  await settled(gateway);
  const [asked] = await gateway.list<{ readonly id: string }>('/v1/messages');
  const reaction = { to: asked?.id, emoji: '👍' };
  const refused = await request(gateway, { reaction });
  expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining('cannot react') } });
  const both = await request(gateway, { reaction, text: 'Done.' });
  expect(both).toMatchObject({ status: 400, body: { detail: expect.stringContaining('has no text') } });
  const long = await request(gateway, { reaction: { to: asked?.id, emoji: '👍'.repeat(50) } });
  expect(long.status).toBe(400);
  expect(await gateway.list('/v1/outbound')).toEqual([]);
  expect(api.seen).toEqual([]);
});

it('takes a status that comes before the answer', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = async (seen, response) => {
    await report(gateway, seen, 'delivered');
    taken(seen, response);
  };
  const id = await requested(gateway);
  await concluded(gateway, id);
  await settled(gateway);
  const shown = await show(gateway, id);
  expect(shown.status).toBe('delivered');
  expect(stepsOf(shown).sort()).toEqual(['accepted', 'delivered', 'message']);
});

it('puts on record what Twilio refuses, and goes on with the next', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = refusing(400, 21610);
  const id = await requested(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'rejected', attempts: 1, reason: '21610' });
  await settled(gateway);
  expect(await show(gateway, id)).toMatchObject({ status: 'rejected' });
  api.answer = taken;
  expect(await concluded(gateway, await requested(gateway))).toMatchObject({ state: 'accepted' });
});

it('waits where no message is to blame, and sends it later', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = (seen, response) => (api.seen.length === 1 ? refusing(429, 20429) : taken)(seen, response);
  const id = await requested(gateway);
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', attempts: 2 });
  expect(api.seen).toHaveLength(2);
});

it.each([
  ['the connection breaks', breaking],
  ['Twilio fails', refusing(503, 20500)],
])('never repeats a message when %s, and lets a person settle it', async (_, answer) => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = answer;
  const id = await requested(gateway, { idempotencyKey: 'one' });
  expect(await concluded(gateway, id)).toMatchObject({ state: 'indeterminate', attempts: 1 });
  api.answer = taken;
  expect(await requested(gateway, { idempotencyKey: 'one' }), 'asking again sends nothing').toBe(id);
  const next = await requested(gateway, { idempotencyKey: 'two' });
  expect(await concluded(gateway, next)).toMatchObject({ state: 'accepted' });
  expect(api.seen).toHaveLength(2);
  await settled(gateway);
  expect(await show(gateway, id)).toMatchObject({ status: 'indeterminate' });

  const resolve = () => gateway.call<Outbound>('POST', `/v1/outbound/${id}/resolve`, { outcome: 'not-sent' });
  expect(await resolve()).toMatchObject({ state: 'rejected', reason: 'resolved' });
  await expect(resolve()).rejects.toThrow('409');
  await settled(gateway);
  expect(await show(gateway, id)).toMatchObject({ status: 'rejected' });
  expect(api.seen).toHaveLength(2);
});

it('stops in the middle of a call, and says afterwards that its end is not known', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  api.answer = () => undefined;
  const id = await requested(gateway);
  await until(async () => api.seen.length === 1, 30_000, 'Twilio was not asked');
  await gateway.stop();
  await gateway.start();
  expect(await concluded(gateway, id)).toMatchObject({ state: 'indeterminate', attempts: 1 });
  expect(api.seen).toHaveLength(1);
});

it('is told to stop in the middle of a call, and waits for its answer', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  let answer = (): void => undefined;
  api.answer = (seen, response) => {
    answer = () => taken(seen, response);
  };
  const id = await requested(gateway);
  const behind = await requested(gateway);
  await until(async () => api.seen.length === 1, 30_000, 'Twilio was not asked');
  const stopped = gateway.stop();
  await until(async () => !(await isListening(gateway)), 30_000, 'The gateway does not stop');
  answer();
  await stopped;
  expect(api.seen, 'nothing new leaves').toHaveLength(1);
  api.answer = taken;
  await gateway.start();
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', attempts: 1 });
  expect(await concluded(gateway, behind)).toMatchObject({ state: 'accepted', attempts: 1 });
  expect(api.seen).toHaveLength(2);
});

async function isListening({ adminUrl }: GatewayProcess): Promise<boolean> {
  return fetch(adminUrl).then(
    () => true,
    () => false,
  );
}

it('refuses to write to somebody who opted out, until they opt in again', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  const account = await addDeskAtTwilio(gateway, api);
  const say = async (word: string, sid: string) => {
    const fields = [...smsFields({ sid, from: client, text: word }), ['OptOutType', word]];
    const body = new URLSearchParams(fields as [string, string][]).toString();
    expect((await send(gateway.webhookBase, signedForm(account, body))).status).toBe(200);
    await settled(gateway);
  };
  await say('STOP', `SM${'1'.repeat(32)}`);
  const refused = await request(gateway);
  expect(refused).toMatchObject({ status: 422, body: { detail: expect.stringContaining('opted out') } });
  await settled(gateway);
  const [outbound] = await gateway.list<Outbound>('/v1/outbound');
  expect(outbound).toMatchObject({ state: 'refused', attempts: 0, reason: 'opted-out' });
  expect(await show(gateway, outbound!.id)).toMatchObject({ status: 'refused' });
  expect(api.seen).toEqual([]);
  await say('START', `SM${'2'.repeat(32)}`);
  expect(await concluded(gateway, await requested(gateway))).toMatchObject({ state: 'accepted' });
});

it('makes one message of one idempotency key, and refuses another request under it', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  const asked = await Promise.all(
    Array.from({ length: 20 }, () => requested(gateway, { idempotencyKey: 'order 7' })),
  );
  const [id = '', ...others] = [...new Set(asked)];
  expect(others).toEqual([]);
  const other = await request(gateway, { idempotencyKey: 'order 7', text: 'Something else.' });
  expect(other).toMatchObject({ status: 409, body: { detail: expect.stringContaining('another request') } });
  await concluded(gateway, id);
  expect(await settled(gateway)).toMatchObject({ records: 2, messages: 1 });
  expect(api.seen).toHaveLength(1);
});

it('says what is wrong with a request, and puts nothing on record', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  const wrong = [
    [{ to: '202-555-0142' }, 400, /E\.164/],
    [{ to: 'whatsapp:+12025550142' }, 400, /no sender for whatsapp/],
    [{ text: '' }, 400, /nothing to send/],
    [{ media: [{ id: '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f' }] }, 400, /POST \/v1\/media/],
    [{ replyTo: '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f' }, 400, /no message .* to answer/],
    [{ account: 'nobody' }, 404, /nobody/],
  ] as const;
  for (const [message, status, words] of wrong) {
    const answer = await request(gateway, message);
    expect(answer, JSON.stringify(answer)).toMatchObject({
      status,
      body: { detail: expect.stringMatching(words) },
    });
  }
  const tooLong = await request(gateway, { text: 'x'.repeat(1_601) });
  expect(tooLong).toMatchObject({ status: 422, body: { detail: expect.stringContaining('1600') } });
  expect(await settled(gateway), 'a refusal by policy is on record').toMatchObject({ records: 2 });
  expect(api.seen).toEqual([]);
});

it('sends a file along that only its path opens', async () => {
  await using api = await TwilioApi.start();
  const gateway = await startTestGateway();
  await addDeskAtTwilio(gateway, api);
  const picture = Buffer.from([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]);
  const { id: upload } = await uploaded(gateway, picture, 'image/png', 'chart.png');
  const id = await requested(gateway, { media: [{ id: upload }] });
  expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
  const path = new URL(api.seen[0]?.mediaUrls[0] ?? '').pathname;
  const fetched = await fetch(`${gateway.webhookBase}${path}`);
  expect(fetched.headers.get('content-type')).toBe('image/png');
  expect(Buffer.from(await fetched.arrayBuffer()).equals(picture)).toBe(true);
  const part = await fetch(`${gateway.webhookBase}${path}`, { headers: { range: 'bytes=1-3' } });
  expect({ status: part.status, text: await part.text() }).toEqual({ status: 206, text: 'PNG' });
  const unknown = await fetch(`${gateway.webhookBase}/media/${'A'.repeat(43)}`);
  expect(unknown.status).toBe(404);
  await settled(gateway);
  const [attachment] = (
    await gateway.list<{ attachments: { id: string; state: string }[] }>('/v1/messages')
  ).flatMap(({ attachments }) => attachments);
  expect(attachment).toMatchObject({ state: 'stored' });
});
