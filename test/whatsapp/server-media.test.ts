import { Agent } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { inflateSync } from 'node:zlib';
import { downloadContentFromMessage, proto, type WAMessage } from '@whiskeysockets/baileys';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { PlainClient, silenceLibsignal } from './plain-client.js';
import { type Device, type Peer, WhatsAppServer } from './server/index.js';

let server: WhatsAppServer;
let client: PlainClient;
let device: Device;
let robin: Peer;

const picture = Buffer.from('not much of a picture');

beforeEach(async () => {
  silenceLibsignal();
  server = await WhatsAppServer.start();
  client = new PlainClient(server, {
    fetchAgent: new Agent({ ca: server.media.certificate }),
  });
  device = await client.link();
  robin = server.peer({ phone: '+14155550101' });
});

afterEach(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

/** Without the path the library takes the URL as it is, which may be plain HTTP. */
const download = async ({ imageMessage }: proto.IMessage) => {
  const { mediaKey, url } = imageMessage ?? {};
  return buffer(await downloadContentFromMessage({ mediaKey: mediaKey ?? null, url: url ?? null }, 'image'));
};

async function receiveImage(): Promise<WAMessage> {
  const media = server.media.put(picture, 'image');
  await robin.send(device, { imageMessage: { ...media, mimetype: 'image/jpeg' } });
  await until(() => client.messages.some(({ message }) => message.message?.imageMessage));
  return client.messages.find(({ message }) => message.message?.imageMessage)?.message as WAMessage;
}

describe('media', () => {
  test('is downloaded by the library', async () => {
    const { message } = await receiveImage();
    expect(await download(message ?? {})).toEqual(picture);
  });

  test('that was lost or spoiled is not', async () => {
    const { message } = await receiveImage();
    const directPath = message?.imageMessage?.directPath ?? '';
    server.media.spoil({ directPath });
    expect(await download(message ?? {})).not.toEqual(picture);
    server.media.lose({ directPath }, 410);
    await expect(download(message ?? {})).rejects.toThrow();
  });

  test('that nobody has put there is not found', async () => {
    expect((await fetch(`${server.media.url}/v/none`)).status).toBe(404);
  });

  test('is uploaded again on request', async () => {
    const received = await receiveImage();
    const before = received.message?.imageMessage?.directPath ?? '';
    server.media.lose({ directPath: before });
    await client.socket?.updateMediaMessage(received);
    const after = received.message?.imageMessage?.directPath ?? '';
    expect(after).not.toBe(before);
    const imageMessage = { ...received.message?.imageMessage, url: `${server.media.url}${after}` };
    expect(await download({ imageMessage })).toEqual(picture);
  });

  test('is not uploaded again when the phone has none', async () => {
    const received = await receiveImage();
    server.media.phoneHasMedia = false;
    await expect(client.socket?.updateMediaMessage(received)).rejects.toThrow('re-upload');
  });

  test('is uploaded by the client, and read by the one who gets it', async () => {
    await client.socket?.sendMessage(robin.jid, {
      document: picture,
      mimetype: 'text/plain',
      fileName: 'a.txt',
    });
    await until(() => robin.received.length === 1);
    const { mediaKey, url } = robin.received[0]?.message.documentMessage ?? {};
    expect(url).toContain(server.media.url);
    const content = await downloadContentFromMessage(
      { mediaKey: mediaKey ?? null, url: url ?? null },
      'document',
    );
    expect(await buffer(content)).toEqual(picture);
    expect(server.media.requests.map(({ method }) => method)).toContain('POST');
  });
});

test('history comes as a file as well', async () => {
  const { FULL } = proto.HistorySync.HistorySyncType;
  const conversations = [{ id: robin.jid, messages: [] }];
  await server.phone.sendHistoryFile(device, { syncType: FULL, conversations }, (bytes) =>
    server.media.put(bytes, 'md-msg-hist'),
  );
  const notification = () =>
    client.messages
      .map(({ message }) => message.message?.protocolMessage?.historySyncNotification)
      .find((found) => found?.directPath);
  await until(() => notification() !== undefined);
  const { mediaKey, directPath } = notification() ?? {};
  const url = `${server.media.url}${directPath}`;
  const file = await buffer(
    await downloadContentFromMessage({ mediaKey: mediaKey ?? null, url }, 'md-msg-hist'),
  );
  expect(proto.HistorySync.decode(inflateSync(file)).conversations).toMatchObject([{ id: robin.jid }]);
});
