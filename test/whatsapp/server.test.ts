import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { PlainClient, silenceLibsignal } from './plain-client.js';
import { WhatsAppServer } from './server/index.js';
import { verifySignature } from './server/pairing.js';
import { Signal } from './server/signal.js';

let server: WhatsAppServer;
let client: PlainClient;

beforeEach(async () => {
  silenceLibsignal();
  server = await WhatsAppServer.start();
  client = new PlainClient(server);
});

afterEach(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

describe('linking', () => {
  test('by QR code, and no further one is needed to connect again', async () => {
    const device = await client.link();
    expect(client.credentials.me?.id).toBe(device.jid);
    await client.end();
    await client.open();
    expect(client.updates.every(({ qr }) => qr === undefined)).toBe(true);
    expect(server.phone.devices).toHaveLength(1);
  });

  test('asks the client to connect anew once it is linked', async () => {
    client.connect();
    await server.scan(await client.qr());
    expect(await client.closed()).toBe(515);
  });

  test('by a code that is typed on the phone', async () => {
    const socket = client.connect();
    await client.qr();
    const code = await socket.requestPairingCode('14155550100');
    await until(() => server.seen.queries('md').length > 0);
    const device = await server.enterCode(code);
    await client.closed();
    await client.open();
    expect(client.credentials.me?.id).toBe(device.jid);
  });

  test('by a wrong code fails', async () => {
    const socket = client.connect();
    await client.qr();
    await socket.requestPairingCode('14155550100', 'AAAA1111');
    await until(() => server.seen.queries('md').length > 0);
    await expect(server.enterCode('BBBB2222')).rejects.toThrow();
  });

  test('of a code that nobody shows fails', async () => {
    await expect(server.scan('a,b,c,d,1')).rejects.toThrow('No client shows this.');
    await expect(server.scan('a')).rejects.toThrow('Not a QR code');
  });

  test('to two phones gives two accounts', async () => {
    const second = new PlainClient(server);
    const phone = server.addPhone({ phone: '+14155550120' });
    await client.link();
    const device = await second.link(phone);
    expect(second.credentials.me?.id).toBe(device.jid);
    expect(device.jid).toMatch(/^14155550120:1@/);
    await second.end();
  });
});

describe('a session', () => {
  test('that another one takes over ends with 440', async () => {
    const device = await client.link();
    server.replace(device);
    expect(await client.closed()).toBe(440);
  });

  test('ends with 440 when the same device connects twice', async () => {
    await client.link();
    const second = client.copy();
    await second.open();
    expect(await client.closed()).toBe(440);
    await second.end();
  });

  test('of a device that was unlinked ends with 401, and so does each login', async () => {
    const device = await client.link();
    server.logOut(device);
    expect(await client.closed()).toBe(401);
    client.connect();
    expect(await client.closed()).toBe(401);
  });

  test('of a banned account ends with 403, and so does each login', async () => {
    await client.link();
    server.ban();
    expect(await client.closed()).toBe(403);
    client.connect();
    expect(await client.closed()).toBe(403);
  });

  test.each([408, 428, 500, 503, 515] as const)('can end with %s', async (code) => {
    const device = await client.link();
    server.close(device, code);
    expect(await client.closed()).toBe(code);
    await client.open();
  });

  test('is refused while the server is out of order', async () => {
    await client.link();
    await client.end();
    server.refusesLogins = '503';
    client.connect();
    expect(await client.closed()).toBe(503);
  });

  test('can stay open without an answer', async () => {
    await client.link();
    server.silent = true;
    const asked = client.socket?.query({ tag: 'iq', attrs: { type: 'get', xmlns: 'w:p' } }, 200);
    await expect(asked).rejects.toThrow('Timed Out');
    expect(client.updates.some(({ connection }) => connection === 'close')).toBe(false);
  });

  test('that the client logs out is unlinked', async () => {
    const device = await client.link();
    await client.socket?.logout();
    await until(() => device.removed);
  });

  test('needs the key that was shown when it was linked', async () => {
    await client.link();
    await client.end();
    const stranger = new PlainClient(server);
    Object.assign(stranger.credentials, { me: client.credentials.me });
    stranger.connect();
    expect(await stranger.closed()).toBe(401);
  });
});

test('a signature is verified by its key and its text', () => {
  const { identity, sign } = new Signal();
  const text = Buffer.from('text');
  const signature = sign(text);
  expect(verifySignature(identity.public, text, signature)).toBe(true);
  expect(verifySignature(identity.public, Buffer.from('texts'), signature)).toBe(false);
  expect(verifySignature(new Signal().identity.public, text, signature)).toBe(false);
});
