import { randomBytes } from 'node:crypto';
import { watch } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { downloadContentFromMessage, type MediaType } from '@whiskeysockets/baileys';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { send } from '../../connectors/whatsapp/send.js';
import type { Content, Envelope } from '../../src/sdk/index.js';
import { archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { concluded, type NewMessage, requested, uploaded } from '../support/outbound.js';
import { startTestGateway } from '../support/test-gateway.js';
import { silenceLibsignal } from './plain-client.js';
import { type Device, type Peer, WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, messagesOf, patiently, testEndpoints } from './support/account.js';
import { TestDevice } from './support/device.js';

const robinsNumber = '+14155550101';

beforeAll(silenceLibsignal);

interface Stage {
  readonly server: WhatsAppServer;
  readonly gateway: GatewayProcess;
  readonly device: Device;
  readonly robin: Peer;
  /** Where the gateway lays temporary files. */
  readonly temporary: string;
}

/** A linked phone that may send, by a gateway that trusts the media host of the test. */
async function start(): Promise<Stage> {
  const server = await WhatsAppServer.start();
  onTestFinished(() => server[Symbol.asyncDispose]());
  const temporary = await mkdtemp(join(tmpdir(), 'archway-whatsapp-'));
  const certificate = join(temporary, 'media-host.pem');
  await writeFile(certificate, server.media.certificate);
  const gateway = await startTestGateway({
    ...testEndpoints,
    NODE_EXTRA_CA_CERTS: certificate,
    TMPDIR: temporary,
  });
  await addPhone(gateway, server, 'outbound=true', `number=${server.phone.jid.replace(/(\d+)@.*/, '+$1')}`);
  const robin = server.peer({ phone: robinsNumber, pushName: 'Robin' });
  return { server, gateway, device: await linkPhone(gateway, server), robin, temporary };
}

const asked = (gateway: GatewayProcess, message: NewMessage) =>
  requested(gateway, { account: 'phone', to: robinsNumber, ...message });

/** The file of a message, as a phone gets it. */
async function fileOf(content: unknown, kind: MediaType): Promise<Buffer> {
  const { mediaKey, url } = content as { mediaKey: Uint8Array; url: string };
  return buffer(await downloadContentFromMessage({ mediaKey, url }, kind));
}

async function reactionsOf(gateway: GatewayProcess): Promise<Content[]> {
  const records = await gateway.list<Envelope>('/v1/records');
  return records.map(({ content }) => content as Content).filter(({ kind }) => kind === 'reaction');
}

describe('files', () => {
  it('arrive as they are, under their names, and lie nowhere unencrypted on the way', async () => {
    const { server, gateway, robin, temporary } = await start();
    const seen: string[] = [];
    const watcher = watch(temporary, (_, name) => seen.push(name ?? ''));
    onTestFinished(() => watcher.close());
    const bytes = randomBytes(200_000);
    const files = [
      ['image/png', 'chart.png', 'image'],
      ['video/mp4', 'tour.mp4', 'video'],
      ['audio/ogg', 'note.ogg', 'audio'],
      ['application/pdf', 'terms.pdf', 'document'],
    ] as const;
    for (const [contentType, name, kind] of files) {
      const file = await uploaded(gateway, bytes, contentType, name);
      const text = kind === 'audio' ? undefined : `Here is ${name}.`;
      const id = await asked(gateway, { media: [{ id: file.id }], text: text ?? '' });
      expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', attempts: 1 });
      const content = robin.received.at(-1)?.message[`${kind}Message`];
      expect(content).toMatchObject({ mimetype: contentType, ...(text !== undefined && { caption: text }) });
      if (kind === 'document') expect(content).toMatchObject({ fileName: name });
      expect((await fileOf(content, kind)).equals(bytes)).toBe(true);
    }
    expect(robin.received).toHaveLength(files.length);
    const logged = (await messagesOf(gateway)) as unknown as { attachments: { byteLength: number }[] }[];
    expect(logged.map(({ attachments }) => attachments[0]?.byteLength)).toEqual(
      files.map(() => bytes.length),
    );
    const laid = seen.filter((name) => !name.endsWith('.pem'));
    expect(laid.some((name) => name.endsWith('-enc'))).toBe(true);
    expect(laid.filter((name) => !name.endsWith('-enc'))).toEqual([]);
    expect(server.faults).toEqual([]);
  });

  it('that could not be put up are tried again, and arrive once', async () => {
    const { server, gateway, robin } = await start();
    const file = await uploaded(gateway, Buffer.from('%PDF-1.7'), 'application/pdf', 'terms.pdf');
    server.media.failsUploads = 1;
    const id = await asked(gateway, { media: [{ id: file.id }] });
    expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
    expect(gateway.log).toContain('cannot send at the moment');
    expect(robin.received).toHaveLength(1);
  });

  it('that are put up when nobody waits any more are not sent', async () => {
    await using server = await WhatsAppServer.start();
    const phone = new TestDevice(server, { number: '+14155550100', outbound: true });
    await phone.link();
    const robin = server.peer({ phone: robinsNumber });
    const { session } = phone;
    const address = { scheme: 'tel' as const, value: robinsNumber, asReceived: robin.jid };
    const message = {
      ...{ id: '0192f0c1-5b1e-7c00-8000-00000000c001', from: address, to: address },
      ...{ text: 'late', media: [], callbackUrl: () => '' },
    };
    const context = { settings: session.settings, now: () => new Date(), session: session.handle };
    await expect(send(message, { ...context, signal: AbortSignal.abort() })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await send(
      { ...message, id: '0192f0c1-5b1e-7c00-8000-00000000c002', text: 'in time' },
      {
        ...context,
        signal: session.signal,
      },
    );
    expect(robin.received.map(({ message: { extendedTextMessage: said } }) => said?.text)).toEqual([
      'in time',
    ]);
    await phone.stop();
  });
});

describe('reactions', () => {
  it('go to what was written and to what the gateway wrote, can be taken back, and are on record', async () => {
    const { server, gateway, device, robin } = await start();
    const question = await robin.send(device, { conversation: 'Is it done?' });
    const own = await asked(gateway, { text: 'It is.' });
    await concluded(gateway, own);
    await patiently(async () => (await messagesOf(gateway)).length === 2);
    const [inbound, outbound] = ['inbound', 'outbound'].map((wanted) => async () => {
      const found = (await messagesOf(gateway)).find(({ direction }) => direction === wanted);
      return found?.id ?? '';
    });
    const ids = [await inbound?.(), await outbound?.()] as [string, string];
    const [sent] = robin.received;
    for (const [to, emoji] of [
      [ids[0], '👍'],
      [ids[0], null],
      [ids[1], '🎉'],
    ] as const) {
      const id = await asked(gateway, { reaction: { to, emoji } });
      expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted', kind: 'reaction' });
    }
    const reactions = robin.received.flatMap(({ message }) => message.reactionMessage ?? []);
    expect(reactions.map(({ text, key }) => [text, key?.id, key?.fromMe])).toEqual([
      ['👍', question.id, false],
      ['', question.id, false],
      ['🎉', sent?.id, true],
    ]);
    await patiently(async () => (await reactionsOf(gateway)).length === 3);
    const about = `message/${robin.jid}/${question.id}`;
    expect(await reactionsOf(gateway)).toMatchObject([
      { about, emoji: '👍' },
      { about, emoji: null },
      { about: `outbound/${own}`, emoji: '🎉' },
    ]);
    const { history } = await gateway.call<{ history: { kind: string; emoji?: string | null }[] }>(
      'GET',
      `/v1/messages/${ids[0]}`,
    );
    expect(history.flatMap(({ kind, emoji }) => (kind === 'reaction' ? [emoji] : []))).toEqual(['👍', null]);
    expect(await messagesOf(gateway)).toHaveLength(2);
    expect(server.faults).toEqual([]);
  });

  it('name the author in a group, at the command line too', async () => {
    const { server, gateway, device, robin } = await start();
    const group = server.group({ subject: 'Lunch', members: [robin, server.phone] });
    const said = await group.send(device, robin, { conversation: 'Who comes?' });
    await patiently(async () => (await messagesOf(gateway)).length === 1);
    const [question] = await messagesOf(gateway);
    const target = ['--account', 'phone', '--to', group.jid, '--react-to', question?.id ?? ''];
    const [{ id } = { id: '' }] = (await archwayJson(
      ...([gateway, 'send', ...target, '--emoji', '👍', '--key', 'one', '--json'] as const),
    )) as { id: string }[];
    expect(await concluded(gateway, id)).toMatchObject({ state: 'accepted' });
    await patiently(() => robin.received.length === 1);
    expect(robin.received[0]).toMatchObject({
      chat: group.jid,
      message: {
        reactionMessage: { text: '👍', key: { id: said.id, participant: robin.jid, fromMe: false } },
      },
    });
  });

  it('are refused for what stands in another chat', async () => {
    const { gateway, device, robin } = await start();
    await robin.send(device, { conversation: 'Is it done?' });
    await patiently(async () => (await messagesOf(gateway)).length === 1);
    const [question] = await messagesOf(gateway);
    const elsewhere = asked(gateway, { to: '+14155550109', reaction: { to: question?.id, emoji: '👍' } });
    await expect(elsewhere).rejects.toThrow('in the chat in which it stands');
  });
});
