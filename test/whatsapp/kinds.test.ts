import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { proto } from '@whiskeysockets/baileys';
import { expect, it } from 'vitest';
import whatsapp from '../../connectors/whatsapp/index.js';
import { type Content, type Envelope, envelopeSchema } from '../../src/sdk/index.js';
import { archway } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { startTestGateway } from '../support/test-gateway.js';
import { until } from '../support/until.js';
import { type Device, type Group, node, type Peer, WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, testEndpoints, untilState } from './support/account.js';
import { editable, pollContent, sealedEdit, voteForFriday } from './support/sealed-content.js';

const robinsNumber = '+14155550101';
const channelJid = '120363000000000009@newsletter';

/** Everybody and everything that the rows of the table need. */
interface Stage {
  readonly server: WhatsAppServer;
  readonly device: Device;
  readonly robin: Peer;
  readonly cara: Peer;
  readonly group: Group;
}

/** Key of the event, and what its record must say. */
type Expected = readonly [key: string, content: object];

/** What is sent over the wire, and what must be in the archive then. */
type Act = (stage: Stage) => Promise<Expected[]> | Expected[];

const message = (chat: { jid: string }, id: string) => `message/${chat.jid}/${id}`;
const inbound = { kind: 'message', direction: 'inbound', from: { scheme: 'tel', value: robinsNumber } };
const { Type } = proto.Message.ProtocolMessage;

/** Sends to the account in the chat with Robin. */
const said =
  (content: proto.IMessage, expected: object): Act =>
  async ({ device, robin }) => {
    const { id } = await robin.send(device, content);
    return [[message(robin, id), { ...inbound, ...expected }]];
  };

/** Sends one message, and then another one about it. */
const aboutAMessage =
  (second: (id: string) => proto.IMessage, kind: string, expected: object, key = kind): Act =>
  async ({ device, robin }) => {
    const first = await robin.send(device, { conversation: `before the ${kind}` });
    const { id } = await robin.send(device, second(first.id));
    const about = message(robin, first.id);
    return [[`${key}/${robin.jid}/${id}`, kind === 'message' ? expected : { kind, about, ...expected }]];
  };

const file = ({ server }: Stage, kind: 'image' | 'video' | 'audio' | 'document' | 'sticker') =>
  server.media.put(Buffer.from('some bytes'), kind);

const contents: Readonly<Record<string, Act>> = {
  text: said({ conversation: 'Good morning' }, { text: 'Good morning' }),
  'text by LID': async ({ device, robin }) => {
    const { id } = await robin.send(device, { conversation: 'from behind an id' }, { address: 'lid' });
    return [
      [message(robin, id), { ...inbound, text: 'from behind an id' }],
      [`alias/${robin.lidJid}/${robin.jid}`, { kind: 'alias', address: { value: robinsNumber } }],
    ];
  },
  'own message from the phone': async ({ server, device, robin }) => {
    const { id } = await server.phone.write(device, robin, { conversation: 'On my way' });
    const to = [{ scheme: 'tel', value: robinsNumber }];
    return [[message(robin, id), { kind: 'message', direction: 'outbound', text: 'On my way', to }]];
  },
  image: async (stage) =>
    said(
      { imageMessage: { ...file(stage, 'image'), mimetype: 'image/jpeg', caption: 'Look' } },
      { text: 'Look', attachments: [{ contentType: 'image/jpeg', byteLength: 10 }] },
    )(stage),
  video: async (stage) =>
    said(
      { videoMessage: { ...file(stage, 'video'), mimetype: 'video/mp4', gifPlayback: true } },
      { attachments: [{ contentType: 'video/mp4' }], provider: { gifPlayback: 'true' } },
    )(stage),
  'voice note': async (stage) =>
    said(
      { audioMessage: { ...file(stage, 'audio'), mimetype: 'audio/ogg', ptt: true, seconds: 3 } },
      { attachments: [{ contentType: 'audio/ogg', durationSeconds: 3 }], provider: { ptt: 'true' } },
    )(stage),
  'document with a caption': async (stage) =>
    said(
      {
        documentWithCaptionMessage: {
          message: {
            documentMessage: { ...file(stage, 'document'), fileName: 'terms.pdf', caption: 'Sign' },
          },
        },
      },
      { text: 'Sign', attachments: [{ name: 'terms.pdf' }] },
    )(stage),
  sticker: async (stage) =>
    said({ stickerMessage: file(stage, 'sticker') }, { attachments: [{ contentType: 'image/webp' }] })(stage),
  'view once': async (stage) =>
    said(
      { viewOnceMessageV2: { message: { imageMessage: { ...file(stage, 'image'), viewOnce: true } } } },
      { routing: { wrappers: 'viewOnceMessageV2' } },
    )(stage),
  location: said(
    { locationMessage: { degreesLatitude: 51.5, degreesLongitude: -0.12, name: 'Office' } },
    { text: 'Office\n51.5, -0.12' },
  ),
  contact: said(
    { contactMessage: { displayName: 'Dan', vcard: 'BEGIN:VCARD\nTEL:+12025550125\nEND:VCARD' } },
    { text: 'Dan\n+12025550125' },
  ),
  buttons: said(
    {
      buttonsMessage: {
        contentText: 'Pick',
        buttons: [{ buttonId: 'a', buttonText: { displayText: 'Yes' } }],
      },
    },
    { text: 'Pick\nYes' },
  ),
  'buttons pressed': said(
    { buttonsResponseMessage: { selectedButtonId: 'a', selectedDisplayText: 'Yes' } },
    { text: 'Yes' },
  ),
  list: said({ listMessage: { title: 'Funds', description: 'Choose one' } }, { text: 'Funds\nChoose one' }),
  'group invitation': said(
    { groupInviteMessage: { groupJid: '1203630@g.us', groupName: 'Deal', inviteCode: 'x' } },
    { text: 'Deal\n1203630@g.us' },
  ),
  disappearing: said(
    {
      ephemeralMessage: {
        message: { extendedTextMessage: { text: 'gone soon', contextInfo: { expiration: 60 } } },
      },
    },
    { text: 'gone soon', provider: { disappearsAfterSeconds: '60' } },
  ),
  forward: said(
    { extendedTextMessage: { text: 'read on', contextInfo: { isForwarded: true, forwardingScore: 1 } } },
    { forwardedFrom: 'unknown' },
  ),
  'disappearing messages turned on': async ({ device, robin }) => {
    const setting = { type: Type.EPHEMERAL_SETTING, ephemeralExpiration: 86_400 };
    const { id } = await robin.send(device, { protocolMessage: setting });
    const text = 'Turned disappearing messages on: 86400 seconds';
    return [[`notice/${robin.jid}/${id}`, { ...inbound, text }]];
  },
};

const changes: Readonly<Record<string, Act>> = {
  reply: aboutAMessage(
    (id) => ({ extendedTextMessage: { text: 'indeed', contextInfo: { stanzaId: id } } }),
    'message',
    { ...inbound, text: 'indeed', replyTo: expect.stringMatching(/^message\//) },
  ),
  edit: aboutAMessage(
    (id) => ({
      protocolMessage: { key: { id }, type: Type.MESSAGE_EDIT, editedMessage: { conversation: 'now' } },
    }),
    'edit',
    { text: 'now' },
  ),
  revoke: aboutAMessage((id) => ({ protocolMessage: { key: { id }, type: Type.REVOKE } }), 'deletion', {
    provider: { revokedBy: 'sender' },
  }),
  reaction: aboutAMessage((id) => ({ reactionMessage: { key: { id }, text: '👍' } }), 'reaction', {
    emoji: '👍',
  }),
  'reaction taken back': aboutAMessage((id) => ({ reactionMessage: { key: { id }, text: '' } }), 'reaction', {
    emoji: null,
  }),
  pin: aboutAMessage(
    (id) => ({ pinInChatMessage: { key: { id }, type: 1 } }),
    'message',
    { ...inbound, text: 'Pinned the message' },
    'notice',
  ),
  'sealed edit': async ({ device, robin }) => {
    const first = await robin.send(device, editable);
    const { id } = await robin.send(device, sealedEdit(first.id, robin, 'sealed'));
    return [[`edit/${robin.jid}/${id}`, { kind: 'edit', about: message(robin, first.id), text: 'sealed' }]];
  },
  'poll and vote': async ({ device, robin, cara, group }) => {
    const poll = await group.send(device, robin, pollContent);
    const { id } = await group.send(
      device,
      cara,
      voteForFriday({ poll: poll.id, chat: group, author: robin, voter: cara }),
    );
    return [
      [message(group, poll.id), { kind: 'message', text: 'When?\n- Monday\n- Friday' }],
      [`vote/${group.jid}/${id}`, { text: 'Voted for: Friday', replyTo: message(group, poll.id) }],
    ];
  },
  'vote, and its poll afterwards': async ({ device, robin, cara, group }) => {
    const poll = '3EB0LATEPOLL01';
    // Those of several people may overtake each other in the library.
    await until(() => device.unacknowledged.length === 0);
    const { id } = await group.send(
      device,
      cara,
      voteForFriday({ poll, chat: group, author: robin, voter: cara }),
    );
    await until(() => device.unacknowledged.length === 0);
    await group.send(device, robin, pollContent, { id: poll });
    return [
      [`gap/${group.jid}/${id}`, { kind: 'gap', state: 'open', reason: 'secret-missing' }],
      [`vote/${group.jid}/${id}`, { text: 'Voted for: Friday', replyTo: message(group, poll) }],
      [`gap/${group.jid}/${id}/closed`, { kind: 'gap', state: 'closed' }],
    ];
  },
};

const groups: Readonly<Record<string, Act>> = {
  'text in a group': async ({ device, cara, group }) => {
    const { id } = await group.send(device, cara, { conversation: 'Hello all' }, { address: 'lid' });
    const from = { scheme: 'tel', value: '+14155550102' };
    return [[message(group, id), { kind: 'message', text: 'Hello all', from }]];
  },
  'revoke by an administrator': async ({ device, robin, cara, group }) => {
    const first = await group.send(device, cara, { conversation: 'off topic' });
    const key = { id: first.id, participant: cara.jid, remoteJid: group.jid };
    const { id } = await group.send(device, robin, { protocolMessage: { key, type: Type.REVOKE } });
    const about = message(group, first.id);
    return [
      [`deletion/${group.jid}/${id}`, { kind: 'deletion', about, provider: { revokedBy: 'administrator' } }],
    ];
  },
  'members and subject': ({ server, device, robin, cara, group }) => {
    const dan = server.peer({ phone: '+14155550103', pushName: 'Dan' });
    const member = { members: [{ value: '+14155550103' }], by: { value: robinsNumber } };
    const change = (id: string, action: string, content: object): Expected => [
      `membership/${group.jid}/${id}/${action}`,
      { kind: 'membership', action, ...content },
    ];
    return [
      change(group.add(device, robin, [dan]), 'added', member),
      change(group.promote(device, robin, [dan]), 'promoted', member),
      change(group.demote(device, robin, [dan]), 'demoted', member),
      change(group.remove(device, robin, [dan]), 'removed', member),
      change(group.remove(device, cara, [cara]), 'left', { members: [{ value: '+14155550102' }] }),
      change(group.rename(device, robin, 'Phase two'), 'renamed', { title: 'Phase two' }),
    ];
  },
};

const rest: Readonly<Record<string, Act>> = {
  'post in a channel': ({ device }) => {
    const bytes = proto.Message.encode(proto.Message.create({ conversation: 'News' })).finish();
    const attributes = { id: '3EB0CHANNEL0001', from: channelJid, t: '1763890200', type: 'text' };
    device.deliver(node('message', attributes, [node('plaintext', {}, bytes)]));
    return [[`message/${channelJid}/3EB0CHANNEL0001`, { kind: 'message', text: 'News' }]];
  },
  receipts: async ({ server, device, robin }) => {
    const [one, two] = await Promise.all(
      ['first', 'second'].map((text) => server.phone.write(device, robin, { conversation: text })),
    );
    const ids = [one?.id ?? '', two?.id ?? ''];
    const at = new Date(1_763_890_200_000);
    robin.sendReceipt(device, ids, { at });
    robin.sendReceipt(device, ids, { type: 'read', at });
    return ids.flatMap((id): Expected[] => [
      receipt(robin, id, 'delivered', 'delivered'),
      receipt(robin, id, 'read', 'read'),
    ]);
  },
  'call taken on the phone': ({ device, robin }) => {
    const call = robin.call(device);
    call.accept();
    return [
      [`call/${call.id}/offer`, { kind: 'call', status: 'ringing', from: { value: robinsNumber } }],
      [`call/${call.id}/accept`, { kind: 'call', status: 'in-progress', about: `call/${call.id}` }],
    ];
  },
  'call missed, and one turned down': ({ device, robin }) => {
    const missed = robin.call(device, { video: true });
    missed.timeOut();
    const refused = robin.call(device);
    refused.reject();
    return [
      [`call/${missed.id}/offer`, { kind: 'call', routing: { media: 'video' } }],
      [`call/${missed.id}/terminate-timeout`, { kind: 'call', status: 'no-answer' }],
      [`call/${refused.id}/reject`, { kind: 'call', status: 'busy' }],
    ];
  },
  'view once that the device does not get': ({ device, robin }) => {
    const id = robin.sendUnavailable(device, 'view_once_unavailable_fanout');
    const about = message(robin, id);
    return [[`gap/${robin.jid}/${id}`, { kind: 'gap', state: 'open', reason: 'view-once', about }]];
  },
  'undecryptable, and sent again': async ({ device, robin }) => {
    const { id } = await robin.send(device, { conversation: 'at last' }, { undecryptable: true });
    return [
      [`gap/${robin.jid}/${id}`, { kind: 'gap', state: 'open', reason: 'undecryptable' }],
      [message(robin, id), { kind: 'message', text: 'at last' }],
      [`gap/${robin.jid}/${id}/closed`, { kind: 'gap', state: 'closed' }],
    ];
  },
  'placeholder, and the answer of the phone': async ({ server, device, robin }) => {
    const id = robin.sendUnavailable(device, undefined);
    const key = { remoteJid: robin.jid, fromMe: false, id };
    await server.phone.resend(device, 'asked', [
      { key, messageTimestamp: 1_763_890_200, message: { conversation: 'what was meant' } },
    ]);
    return [
      [`gap/${robin.jid}/${id}`, { kind: 'gap', state: 'open', reason: 'placeholder' }],
      [message(robin, id), { kind: 'message', text: 'what was meant' }],
      [`gap/${robin.jid}/${id}/closed`, { kind: 'gap', state: 'closed' }],
    ];
  },
  history: async ({ server, device, robin }) => {
    const key = { remoteJid: robin.jid, fromMe: false, id: '3EB0HISTORY0001' };
    const past = { key, messageTimestamp: 1_763_000_000, message: { conversation: 'Last week' } };
    const conversations = [{ id: robin.jid, messages: [{ message: past }] }];
    await server.phone.sendHistory(device, {
      syncType: proto.HistorySync.HistorySyncType.RECENT,
      conversations,
    });
    return [[message(robin, key.id), { kind: 'message', text: 'Last week' }]];
  },
};

function receipt(from: Peer, id: string, type: string, status: string): Expected {
  const key = `receipt/${from.jid}/${id}/${type}/${from.jid}/1763890200`;
  return [key, { kind: 'receipt', status, about: message(from, id), from: { value: robinsNumber } }];
}

/** Everything in the archive, by the key of its event. */
async function readArchive(gateway: GatewayProcess): Promise<Map<string, Envelope>> {
  const archive = join(gateway.dataDirectory, 'archive');
  const files = (await readdir(archive, { recursive: true })).filter((file) => file.endsWith('.json'));
  const envelopes = await Promise.all(
    files.map(async (file) => envelopeSchema.parse(JSON.parse(await readFile(join(archive, file), 'utf8')))),
  );
  return new Map(envelopes.map((envelope) => [keyOf(envelope.content), envelope]));
}

const keyOf = (content: Content) => ('key' in content ? content.key : content.kind);

async function settled(gateway: GatewayProcess): Promise<boolean> {
  const { captures, deliveries } = await gateway.call<{
    captures: { pending: number; quarantined: number };
    deliveries: { pending: number };
  }>('GET', '/v1/status');
  expect(captures.quarantined).toBe(0);
  return captures.pending === 0 && deliveries.pending === 0;
}

it('brings every kind of event from the wire into the journal and the archive', async () => {
  await using server = await WhatsAppServer.start();
  const gateway = await startTestGateway(testEndpoints);
  const archive = join(gateway.dataDirectory, 'archive');
  const added = await archway(
    gateway,
    'sink',
    'add',
    'filesystem',
    '--name',
    'kept',
    '--set',
    `directory=${archive}`,
  );
  expect(added.stderr).toBe('');
  await addPhone(gateway, server, `number=${server.phone.jid.replace(/(\d+)@.*/, '+$1')}`);
  await untilState(gateway, 'awaiting-pairing');
  const device = await linkPhone(gateway, server);
  const robin = server.peer({ phone: robinsNumber, pushName: 'Robin' });
  const cara = server.peer({ phone: '+14155550102', pushName: 'Cara' });
  const group = server.group({ subject: 'Phase one', members: [robin, cara, server.phone] });
  const stage: Stage = { server, device, robin, cara, group };

  const table: { name: string; expected: Expected[] }[] = [];
  for (const [name, act] of Object.entries({ ...contents, ...changes, ...groups, ...rest })) {
    table.push({ name, expected: await act(stage) });
  }
  const missing = async () => {
    const records = await readArchive(gateway);
    return table.flatMap(({ name, expected }) =>
      expected.filter(([key]) => !records.has(key)).map(([key]) => `${name}: ${key}`),
    );
  };
  await until(async () => device.unacknowledged.length === 0 && (await settled(gateway)));
  await until(async () => (await missing()).length === 0).catch(() => undefined);
  expect(await missing()).toEqual([]);
  const files = async () =>
    [...(await readArchive(gateway)).values()].filter(({ content }) => content.kind === 'attachment').length;
  await until(async () => (await files()) === 6).catch(() => undefined);
  expect(await files()).toBe(6);

  const records = await readArchive(gateway);
  for (const { name, expected } of table) {
    for (const [key, content] of expected)
      expect.soft(records.get(key)?.content, name).toMatchObject(content);
  }
  const kinds = new Set([...records.values()].map(({ skeleton }) => skeleton.kind));
  expect([...kinds].sort()).toEqual([...whatsapp.capabilities.events, 'attachment'].sort());
  expect(server.faults).toEqual([]);
}, 180_000);
