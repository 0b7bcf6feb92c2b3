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
import { node, type Peer, WhatsAppServer } from './server/index.js';
import { addPhone, linkPhone, testEndpoints, untilState } from './support/account.js';
import {
  type Act,
  contents,
  type Expected,
  inbound,
  message,
  robinsNumber,
  type Stage,
} from './support/contents.js';
import { editable, pollContent, sealedEdit, voteForFriday } from './support/sealed-content.js';

const channelJid = '120363000000000009@newsletter';
const { Type } = proto.Message.ProtocolMessage;

/** Sends one message, and then another one about it; the first stays as it was. */
const aboutAMessage =
  (second: (id: string) => proto.IMessage, kind: string, expected: object, key = kind): Act =>
  async ({ device, robin }) => {
    const text = `before the ${kind}`;
    const first = await robin.send(device, { conversation: text });
    const { id } = await robin.send(device, second(first.id));
    const about = message(robin, first.id);
    return [
      [about, { ...inbound, text }],
      [`${key}/${robin.jid}/${id}`, kind === 'message' ? expected : { kind, about, ...expected }],
    ];
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
    const about = message(robin, first.id);
    return [
      [about, { ...inbound, text: 'before' }],
      [`edit/${robin.jid}/${id}`, { kind: 'edit', about, text: 'sealed' }],
    ];
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
      [about, { kind: 'message', text: 'off topic' }],
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
  'receipts of each member of a group': async ({ server, device, robin, cara, group }) => {
    const { id } = await server.phone.write(device, group, { conversation: 'To all' });
    const at = new Date(1_763_890_200_000);
    robin.sendReceipt(device, [id], { group, at });
    cara.sendReceipt(device, [id], { type: 'read', group, at });
    return [receipt(robin, id, 'delivered', 'delivered', group), receipt(cara, id, 'read', 'read', group)];
  },
  'while it was away': async ({ server, device, robin }) => {
    await until(() => device.unacknowledged.length === 0);
    server.close(device, 428);
    const { id } = await robin.send(device, { conversation: 'Are you there?' });
    return [[message(robin, id), { ...inbound, text: 'Are you there?' }]];
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

function receipt(
  from: Peer,
  id: string,
  type: string,
  status: string,
  chat: { readonly jid: string } = from,
): Expected {
  const key = `receipt/${chat.jid}/${id}/${type}/${from.jid}/1763890200`;
  const value = from.jid.replace(/(\d+)@.*/, '+$1');
  return [key, { kind: 'receipt', status, about: message(chat, id), from: { value } }];
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
    [...(await readArchive(gateway)).values()].flatMap(({ content }) =>
      content.kind === 'attachment' ? [content] : [],
    );
  await until(async () => (await files()).length === 8).catch(() => undefined);
  expect(await files()).toHaveLength(8);
  // As their senders say: the voice note, and the other sound.
  const lengths = (await files()).flatMap(({ durationSeconds }) => durationSeconds ?? []);
  expect(lengths.toSorted()).toEqual([3, 61]);

  const records = await readArchive(gateway);
  for (const { name, expected } of table) {
    for (const [key, content] of expected)
      expect.soft(records.get(key)?.content, name).toMatchObject(content);
  }
  const kinds = new Set([...records.values()].map(({ skeleton }) => skeleton.kind));
  expect([...kinds].sort()).toEqual([...whatsapp.capabilities.events, 'attachment'].sort());
  expect(server.faults).toEqual([]);
}, 180_000);
