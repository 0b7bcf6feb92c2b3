import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { PlainClient } from './plain-client.js';
import { WhatsAppServer } from './server/index.js';

let server: WhatsAppServer;
let client: PlainClient;

beforeEach(async () => {
  server = await WhatsAppServer.start();
  client = new PlainClient(server);
});

afterEach(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

describe('the library against the server', () => {
  test('is linked by a QR code and connects again without one', async () => {
    const device = await client.link();
    expect(client.credentials.me?.id).toBe(device.jid);
    await client.end();
    await client.open();
    expect(client.updates.every(({ qr }) => qr === undefined)).toBe(true);
    expect(server.phone.devices).toHaveLength(1);
  });

  test('gets a text while it is there', async () => {
    const device = await client.link();
    const peer = server.peer({ phone: '+14155550101', pushName: 'Robin' });
    await peer.send(device, { conversation: 'one' });
    await until(() => device.unacknowledged.length === 0);
    await peer.send(device, { conversation: 'two' });
    await until(() => client.texts.length === 2);
    expect(client.texts).toEqual(['one', 'two']);
    const fromPeer = client.messages.filter(({ message }) => message.key.remoteJid === peer.jid);
    expect(fromPeer.map(({ type }) => type)).toEqual(['notify', 'notify']);
  });
});
