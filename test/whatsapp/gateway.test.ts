import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { archway, archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { WhatsAppServer } from './server/index.js';
import {
  addPhone,
  found,
  linkOf,
  linkPhone,
  messagesOf,
  patiently,
  testEndpoints,
  textsOf,
  untilState,
} from './support/account.js';

const robinOptions = { phone: '+14155550101', pushName: 'Robin' };

interface OutboundView {
  readonly id: string;
  readonly state: string;
}

async function send(gateway: GatewayProcess, key: string, body: object): Promise<string> {
  const request = { account: 'phone', to: '+14155550101', idempotencyKey: key, ...body };
  return (await gateway.call<{ id: string }>('POST', '/v1/messages', request)).id;
}

const stateOf = async (gateway: GatewayProcess, id: string) =>
  (await gateway.call<OutboundView>('GET', `/v1/outbound/${id}`)).state;

it('a phone is linked at the command line, which shows the code and ends when it is open', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  const linking = archway(gateway, 'account', 'link', 'phone');
  const { value } = await found(async () => (await linkOf(gateway)).offer);
  const picture = await fetch(`${gateway.adminUrl}/v1/accounts/phone/link/qr.svg`, {
    headers: { authorization: `Bearer ${await gateway.adminKey()}` },
  });
  expect(picture.headers.get('content-type')).toContain('image/svg+xml');
  expect(await picture.text()).toContain('<svg');
  // The command looks every second.
  await sleep(6_000);
  await server.scan(value);
  const { code, stdout } = await linking;
  expect(stdout).toMatch(/[█▀▄]/);
  expect(stdout).toContain('is linked');
  expect(code).toBe(0);
  expect(gateway.log).not.toContain(value.slice(-40));
  expect((await linkOf(gateway)).offer).toBeNull();
  expect(await archwayJson(gateway, 'account', 'unlink', 'phone', '--json')).toHaveLength(1);
  await untilState(gateway, 'awaiting-pairing');
});

it('what the gateway sends waits for the session, arrives once, and is one record with its receipts', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server, 'outbound=true', 'number=+14155550100');
  const robin = server.peer(robinOptions);
  const first = await send(gateway, 'first', { text: 'Your order is done.' });
  expect(await stateOf(gateway, first)).toBe('requested');
  const device = await linkPhone(gateway, server);
  await patiently(async () => (await stateOf(gateway, first)) === 'accepted');
  expect(robin.received.map(({ message }) => message.extendedTextMessage?.text)).toEqual([
    'Your order is done.',
  ]);
  const [sent] = robin.received;
  robin.sendReceipt(device, [sent?.id ?? ''], { type: 'read' });
  await robin.send(device, { conversation: 'Thank you!' });
  await patiently(async () => (await textsOf(gateway)).includes('Thank you!'));
  const [question] = (await messagesOf(gateway)).filter(({ text }) => text === 'Thank you!');
  const second = await send(gateway, 'second', { text: 'With pleasure.', replyTo: question?.id });
  await patiently(async () => (await stateOf(gateway, second)) === 'accepted');
  const reply = robin.received[1]?.message.extendedTextMessage;
  expect(reply?.text).toBe('With pleasure.');
  expect(reply?.contextInfo?.stanzaId).toBeTruthy();
  await patiently(async () => {
    const message = (await messagesOf(gateway)).find(({ text }) => text === 'Your order is done.');
    return (message as { status?: string } | undefined)?.status === 'read';
  });
  expect((await textsOf(gateway)).toSorted()).toEqual([
    'Thank you!',
    'With pleasure.',
    'Your order is done.',
  ]);
  // The library's Signal would print whole sessions.
  expect(gateway.output + gateway.log).not.toMatch(/SessionEntry|privKey|session in favor/);
  expect(server.faults).toEqual([]);
});

it('a message that WhatsApp does not answer for is indeterminate, one that it refuses is rejected', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server, 'outbound=true', 'number=+14155550100');
  server.peer(robinOptions);
  await linkPhone(gateway, server);
  server.refusesMessages = '463';
  const refused = await send(gateway, 'refused', { text: 'one' });
  await patiently(async () => (await stateOf(gateway, refused)) === 'rejected');
  server.refusesMessages = undefined;
  server.acknowledgesMessages = false;
  const unknown = await send(gateway, 'unknown', { text: 'two' });
  await patiently(async () => (await stateOf(gateway, unknown)) === 'indeterminate');
});

it('an account that only captures sends nothing', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  await expect(send(gateway, 'first', { text: 'one' })).rejects.toThrow('only captures');
});

it('a file is fetched, opened and checked; one that is gone is put up again by the phone', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  await addPhone(gateway, server);
  const device = await linkPhone(gateway, server);
  const robin = server.peer(robinOptions);
  const [there, gone] = [randomBytes(100_000), randomBytes(50_000)];
  const fields = [server.media.put(there, 'image'), server.media.put(gone, 'image')] as const;
  server.media.lose(fields[1], 410);
  for (const field of fields) await robin.send(device, { imageMessage: { ...field, mimetype: 'image/png' } });
  const key = await gateway.adminKey();
  for (const [index, bytes] of [there, gone].entries()) {
    await patiently(async () => {
      const attachments = (await messagesOf(gateway)).flatMap(
        (message) =>
          (message as unknown as { attachments: { id: string; byteLength?: number }[] }).attachments,
      );
      const wanted = attachments.find(({ byteLength }) => byteLength === bytes.length);
      const response = await fetch(`${gateway.adminUrl}/v1/attachments/${wanted?.id}`, {
        headers: { authorization: `Bearer ${key}` },
      });
      return response.ok && Buffer.from(await response.arrayBuffer()).equals(bytes);
    });
    expect(index).toBeLessThan(2);
  }
  expect(server.seen.receipts.filter(({ type }) => type === 'server-error')).toHaveLength(1);
});
