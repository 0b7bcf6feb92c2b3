import { proto } from '@whiskeysockets/baileys';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.js';
import { type Device, type Peer, WhatsAppServer } from './server/index.js';
import { TestDevice } from './support/device.js';

let server: WhatsAppServer;
let phone: TestDevice;
let device: Device;
let robin: Peer;

beforeEach(async () => {
  server = await WhatsAppServer.start();
  phone = new TestDevice(server);
  device = await phone.link();
  robin = server.peer({ phone: '+14155550101', pushName: 'Robin' });
});

afterEach(async () => {
  await phone.stop();
  expect(server.faults).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const acknowledged = () => until(() => device.unacknowledged.length === 0);
const failures = () => phone.store.bodies('stanza').filter(({ failure }) => failure !== undefined);

describe('what the session adds to a capture', () => {
  it('is one name for a chat, under whichever form somebody writes', async () => {
    await robin.send(device, { conversation: 'one' }, { withoutMapping: true });
    await acknowledged();
    await robin.send(device, { conversation: 'two' }, { address: 'lid' });
    await acknowledged();
    await server.phone.write(device, robin, { conversation: 'three' }, { address: 'lid' });
    await acknowledged();
    const chats = phone.store
      .bodies('message')
      .filter(({ message }) => JSON.stringify(message).match(/"(one|two|three)"/))
      .map(({ chat, fromMe }) => [chat, fromMe]);
    expect(chats).toEqual([
      [robin.jid, false],
      [robin.jid, false],
      [robin.jid, true],
    ]);
    const mappings = phone.store.bodies('mapping');
    expect(mappings).toContainEqual({ lid: robin.lidJid, pn: robin.jid });
  });

  it('is the secret of the poll that a vote is about', async () => {
    const messageSecret = Buffer.alloc(32, 7);
    const poll = {
      messageContextInfo: { messageSecret },
      pollCreationMessage: { name: 'Lunch?', options: [{ optionName: 'Yes' }, { optionName: 'No' }] },
    };
    const { id } = await robin.send(device, poll);
    const vote = { encPayload: Buffer.alloc(40), encIv: Buffer.alloc(12) };
    await robin.send(device, {
      pollUpdateMessage: { pollCreationMessageKey: { remoteJid: robin.jid, id, fromMe: false }, vote },
    });
    await acknowledged();
    const voted = phone.store.bodies('message').at(-1);
    expect(voted).toMatchObject({
      secret: messageSecret.toString('base64'),
      original: { options: ['Yes', 'No'] },
    });
    expect((voted?.original as { senders: string[] }).senders).toContain(robin.jid);
  });
});

describe('what cannot be read', () => {
  it('is on record before it is asked for again, and closed when it comes', async () => {
    const { id } = await robin.send(device, { conversation: 'one' }, { undecryptable: true });
    await until(() => phone.store.texts.includes('one'));
    await acknowledged();
    expect(failures()).toMatchObject([{ node: { attrs: { id } }, chat: robin.jid }]);
    expect(phone.store.bodies('message').at(-1)).toMatchObject({ closes: true });
  });

  it('is on record when nothing was sent to be read', async () => {
    robin.sendUnavailable(device, 'view_once_unavailable_fanout');
    await acknowledged();
    expect(failures()).toMatchObject([{ failure: 'view_once_unavailable_fanout', chat: robin.jid }]);
  });
});

describe('the past', () => {
  const history = (count: number) => ({
    syncType: proto.HistorySync.HistorySyncType.RECENT,
    conversations: [
      {
        id: robin.jid,
        messages: Array.from({ length: count }, (_, index) => ({
          message: {
            key: { remoteJid: robin.jid, id: `PAST${index}`, fromMe: false },
            messageTimestamp: 1_795_000_000 + index,
            message: { conversation: `past ${index}` },
          },
        })),
      },
    ],
  });
  const ids = () =>
    phone.store.bodies('history').map(({ message }) => (message as { key: { id: string } }).key.id);

  it('is imported, also by the next life when one ends in the middle of it', async () => {
    phone.session.afterCommit = (received) => {
      if (!received.some(({ endpoint }) => endpoint === 'history')) return undefined;
      phone.session.end();
      return new Promise(() => undefined);
    };
    await server.phone.sendHistory(device, history(450) as never);
    await phone.ended;
    expect(ids().length).toBe(200);
    phone.start();
    await until(() => new Set(ids()).size === 450);
    await until(() => phone.store.state.get('history-pending') === '[]');
    expect(phone.store.received.filter(({ provenance }) => provenance === 'history').length).toBeGreaterThan(
      449,
    );
  });

  it('is not imported where nobody wants it', async () => {
    const other = new TestDevice(server, { history: 'none' });
    const linked = await other.link();
    await server.phone.sendHistory(linked, history(3) as never);
    await until(() => linked.unacknowledged.length === 0);
    await other.stop();
    expect(other.store.bodies('history')).toEqual([]);
  });
});
