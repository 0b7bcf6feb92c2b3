import { randomBytes } from 'node:crypto';
import { proto } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import { send } from '../../connectors/whatsapp/send.js';
import type { OutboundMessage } from '../../src/sdk/index.js';
import { until } from '../support/until.js';
import {
  childOf,
  children,
  type Device,
  type Peer,
  type Seen,
  type SeenNode,
  WhatsAppServer,
} from './server/index.js';
import { TestDevice } from './support/device.js';

const robinsNumber = '+14155550101';

/** What an employee's phone gets in a day, and what it writes itself. */
async function receive(server: WhatsAppServer, device: Device, robin: Peer): Promise<void> {
  const group = server.group({ subject: 'Lunch', members: [robin, server.phone] });
  const voice = server.media.put(randomBytes(100), 'audio');
  const key = { remoteJid: robin.jid, fromMe: false, id: `3EB0${randomBytes(9).toString('hex')}` };
  const past = { key, messageTimestamp: 1_763_000_000, message: { conversation: 'Last week' } };
  await robin.send(device, { conversation: 'By number' });
  await robin.send(device, { conversation: 'By LID' }, { address: 'lid' });
  await robin.send(device, { audioMessage: { ...voice, ptt: true, seconds: 3 } });
  await robin.send(device, { viewOnceMessageV2: { message: { imageMessage: { viewOnce: true } } } });
  await robin.send(device, { conversation: 'Garbled' }, { undecryptable: true });
  await group.send(device, robin, { conversation: 'In a group' });
  await server.phone.write(device, robin, { conversation: 'From the phone' });
  await server.phone.sendHistory(device, {
    syncType: proto.HistorySync.HistorySyncType.RECENT,
    conversations: [{ id: robin.jid, unreadCount: 1, messages: [{ message: past }] }],
  });
  robin.sendUnavailable(device, 'view_once_unavailable_fanout');
  robin.call(device).timeOut();
  await until(() => device.unacknowledged.length === 0);
}

/** A text, an answer to it and a reaction, by the session. Returns their ids. */
async function write({ session }: TestDevice, robin: Peer): Promise<string[]> {
  const context = { settings: session.settings, now: () => new Date(), session: session.handle };
  const about = { key: `message/${robin.jid}/3A00`, direction: 'inbound' as const };
  const from = { scheme: 'tel' as const, value: robinsNumber, asReceived: robin.jid };
  const shared = { from, to: from, text: '', media: [], callbackUrl: () => '' };
  const messages: OutboundMessage[] = [
    { ...shared, id: '0192f0c1-5b1e-7c00-8000-00000000c001', text: 'Good morning' },
    { ...shared, id: '0192f0c1-5b1e-7c00-8000-00000000c002', text: 'Yes', replyTo: { ...about, from } },
    {
      ...shared,
      id: '0192f0c1-5b1e-7c00-8000-00000000c003',
      reaction: { to: { ...about, from }, emoji: '👍' },
    },
  ];
  const ids: string[] = [];
  for (const message of messages) {
    ids.push((await send(message, { ...context, signal: session.signal })).providerId);
  }
  return ids;
}

const isPeerMessage = ({ node }: SeenNode) => node.attrs.category === 'peer';

/** What its queries have changed at WhatsApp. */
function changesOf(seen: Seen): Set<string> {
  const setting = seen.tagged('iq').filter(({ node }) => node.attrs.type === 'set');
  return new Set(setting.map(({ node }) => `${node.attrs.xmlns} ${children(node)[0]?.tag}`));
}

/** Its keys, that it wants to get messages, and what the phone has set since. */
const needed = ['encrypt registration', 'passive active', 'w:sync:app:state sync'];

it('tells nobody that it is there or what was read, whatever comes, also after reconnects and when it writes', async () => {
  await using server = await WhatsAppServer.start();
  const phone = new TestDevice(server, { outbound: true, number: '+14155550100', history: 'full' });
  const device = await phone.link();
  const robin = server.peer({ phone: robinsNumber, pushName: 'Robin' });
  await receive(server, device, robin);
  server.close(device, 428);
  await receive(server, device, robin);
  await phone.stop();
  await robin.send(device, { conversation: 'While it was away' });
  phone.start();
  await phone.untilState('open');
  expect(changesOf(server.seen)).toEqual(new Set(needed));
  const written = await write(phone, robin);
  await receive(server, device, robin);
  await phone.stop();

  const { seen } = server;
  // That it is away: the phone goes on to show notifications.
  expect(new Set(seen.presences.map(({ node: { tag, attrs } }) => `${tag} ${attrs.type}`))).toEqual(
    new Set(['presence unavailable']),
  );
  // Delivered to a device that nobody looks at, own, asked for again; none says that anybody saw or heard anything.
  const types = ['inactive', 'sender', 'peer_msg', 'hist_sync', 'retry'];
  expect(new Set(seen.receipts.map(({ type }) => type))).toEqual(new Set(types));
  expect(
    seen
      .tagged('message')
      .filter((sent) => !isPeerMessage(sent))
      .map(({ node }) => node.attrs.id),
  ).toEqual(written);
  const states = seen
    .queries('w:sync:app:state')
    .flatMap(({ node }) => children(childOf(node, 'sync'), 'collection'));
  // What is read, muted or archived is told to the own devices by patches.
  expect(states.filter((collection) => childOf(collection, 'patch') !== undefined)).toEqual([]);
  // Who is written to is given a token to write back with.
  expect(changesOf(seen)).toEqual(new Set([...needed, 'privacy tokens']));
  expect(server.faults).toEqual([]);
});
