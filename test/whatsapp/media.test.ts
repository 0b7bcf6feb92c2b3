import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import { expect, it, onTestFinished } from 'vitest';
import { media } from '../../connectors/whatsapp/media.js';
import { parse } from '../../connectors/whatsapp/parse.js';
import { fetchRenewed } from '../../src/pipeline/media/fetch-renewed.js';
import { bytes, TestProvider } from '../../src/pipeline/media/testing.js';
import type { Envelope, EventAttachment } from '../../src/sdk/index.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { type Device, type MediaFields, type Peer, WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, messagesOf, patiently, testEndpoints } from './support/account.js';
import { TestDevice } from './support/device.js';

interface Stage {
  readonly server: WhatsAppServer;
  readonly gateway: GatewayProcess;
  readonly device: Device;
  readonly robin: Peer;
}

async function start(environment: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const server = await WhatsAppServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const gateway = await startTestGateway({ ...testEndpoints, ...environment });
  await addPhone(gateway, server);
  const device = await linkPhone(gateway, server);
  return { server, gateway, device, robin: server.peer({ phone: '+14155550101', pushName: 'Robin' }) };
}

interface File {
  readonly id: string;
  readonly state: string;
  readonly byteLength: number | null;
}

/** Sends pictures, each with a word as its caption, and waits until each file is kept or gone. */
async function filesOf({ gateway, device, robin }: Stage, pictures: Readonly<Record<string, object>>) {
  for (const [caption, picture] of Object.entries(pictures)) {
    await robin.send(device, { imageMessage: { ...picture, mimetype: 'image/png', caption } });
  }
  let files: Record<string, File | undefined> = {};
  await patiently(async () => {
    const messages = (await messagesOf(gateway)) as unknown as { text: string; attachments: File[] }[];
    files = Object.fromEntries(messages.map(({ text, attachments }) => [text, attachments[0]]));
    return Object.keys(pictures).every(
      (caption) => !['referenced', undefined].includes(files[caption]?.state),
    );
  });
  return files;
}

/** What is on record about why each of these files is missing. */
async function gapsOf(gateway: GatewayProcess, files: Readonly<Record<string, File | undefined>>) {
  const gaps = async () =>
    (await gateway.list<Envelope>('/v1/records')).flatMap(({ content }) =>
      content?.kind === 'gap' ? [content.detail] : [],
    );
  const missing = Object.entries(files).filter(([, file]) => file?.state === 'gone');
  await patiently(async () => (await gaps()).length >= missing.length);
  const details = await gaps();
  return Object.fromEntries(
    missing.map(([caption, file]) => [caption, details.find((detail) => detail.includes(file?.id ?? ''))]),
  );
}

it('a file lies where WhatsApp keeps it, whatever its sender says; what cannot be had there is on record', async () => {
  await using collector = await TestProvider.start({ '/trap': bytes('a trap') });
  // By its name this machine is another host than the test server, and could be reached.
  const trap = collector.url('/trap').replace('127.0.0.1', 'localhost');
  expect((await fetch(trap)).ok).toBe(true);
  const stage = await start({ ARCHWAY_ATTACHMENT_MAX_MB: '1' });
  const { server, gateway } = stage;
  const file = (byteLength = 1_000) => server.media.put(randomBytes(byteLength), 'image');
  const without = ({ directPath: _, ...fields }: MediaFields, url: string) => ({ ...fields, url });
  const redirected = file();
  server.media.redirect(redirected, trap);
  const files = await filesOf(stage, {
    'its path is known': { ...file(), url: trap },
    'another host': without(file(), trap),
    'a private address': without(file(), 'https://10.0.0.8/v/a'),
    'a redirect': redirected,
    'too large': file(1_200_000),
    'without a key': { ...file(), mediaKey: undefined },
  });
  expect(files['its path is known']).toMatchObject({ state: 'stored', byteLength: 1_000 });
  expect(await gapsOf(gateway, files)).toEqual({
    'another host': expect.stringContaining('one of WhatsApp’s media hosts'),
    'a private address': expect.stringContaining('one of WhatsApp’s media hosts'),
    'a redirect': expect.stringContaining('host-not-allowed'),
    'too large': expect.stringContaining('too-large'),
    'without a key': expect.stringContaining('no key'),
  });
  expect(collector.seen, 'nobody was asked but by this test itself').toHaveLength(1);
  expect(server.faults).toEqual([]);
});

it.each([404, 410] as const)(
  'a file for which the host answers %i is put up again by the phone; what that has not is on record',
  async (status) => {
    const stage = await start();
    const { server, gateway } = stage;
    const lost = () => {
      const fields = server.media.put(randomBytes(1_000), 'image');
      server.media.lose(fields, status);
      return fields;
    };
    const asked = () => server.seen.receipts.filter(({ type }) => type === 'server-error').length;
    const again = await filesOf(stage, { again: lost() });
    expect(again.again).toMatchObject({ state: 'stored', byteLength: 1_000 });
    expect(asked()).toBe(1);
    server.media.phoneHasMedia = false;
    const { never } = await filesOf(stage, { never: lost() });
    expect(never).toMatchObject({ state: 'gone' });
    expect(asked()).toBe(2);
    expect(await gapsOf(gateway, { never })).toEqual({
      never: expect.stringContaining('does not have the file any more'),
    });
    expect(server.faults).toEqual([]);
  },
);

it('a file that has another digest than its message says is not taken', async () => {
  await using server = await WhatsAppServer.start();
  const phone = new TestDevice(server);
  const device = await phone.link();
  const robin = server.peer({ phone: '+14155550101' });
  const fetched = async (picture: proto.Message.IImageMessage) => {
    const { id } = await robin.send(device, { imageMessage: picture });
    let attachment: EventAttachment | undefined;
    await until(() => {
      attachment = attachmentIn(phone, id);
      return attachment !== undefined;
    });
    const { settings, handle: session, signal } = phone.session;
    const limits = { lengthMaxBytes: 10_000, answerMaxMs: 10_000, idleMaxMs: 10_000 };
    const request = media(attachment as EventAttachment, { settings, session });
    const pieces: Uint8Array[] = [];
    const { body } = await fetchRenewed(request, { limits, signal, allowTestEndpoints: true });
    for await (const piece of body) pieces.push(piece);
    return Buffer.concat(pieces);
  };
  const put = (plain: Buffer) => server.media.put(plain, 'image');
  const picture = randomBytes(1_000);
  expect((await fetched(put(picture))).equals(picture)).toBe(true);
  await expect(fetched({ ...put(picture), fileSha256: randomBytes(32) })).rejects.toMatchObject({
    reason: 'wrong-bytes',
  });
  await phone.stop();
  expect(server.faults).toEqual([]);
});

/** The file of a message, as the pipeline gets it from what the session has committed. */
function attachmentIn(phone: TestDevice, id: string): EventAttachment | undefined {
  const events = phone.store.received.flatMap((received) => {
    const capture = { provenance: 'session' as const, ...received, account: 'phone', receivedAt: '' };
    const parsed = parse(capture, { ownAddresses: [] });
    return parsed.kind === 'events' ? parsed.events : [];
  });
  const found = events.find(({ key, kind }) => kind === 'message' && key.endsWith(`/${id}`));
  return found?.kind === 'message' ? found.attachments[0] : undefined;
}
