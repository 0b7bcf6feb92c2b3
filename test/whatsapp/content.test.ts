import { setTimeout as sleep } from 'node:timers/promises';
import { proto } from '@whiskeysockets/baileys';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from '../../connectors/whatsapp/parse.js';
import { until } from '../support/until.js';
import { type Device, type Peer, WhatsAppServer } from './server/index.js';
import { TestDevice } from './support/device.js';
import { editable, pollContent, sealedEdit, voteForFriday } from './support/sealed-content.js';

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

const voteIn = (poll: string) => voteForFriday({ poll, chat: robin, author: robin, voter: robin });

/** What the captures of a message say by now, in their order. */
function eventsAbout(id: string) {
  return phone.store.received.flatMap((received) => {
    const capture = { provenance: 'session' as const, ...received, account: 'phone', receivedAt: '' };
    const parsed = parse(capture, { ownAddresses: [] });
    const events = parsed.kind === 'events' ? parsed.events : [];
    return events.filter(({ key }) => key.includes(id));
  });
}

const namesOf = (group: string) =>
  [...phone.store.state.keys()].filter((name) => name.startsWith(`${group}/`));

const closing = { kind: 'gap', state: 'closed', reason: 'received-later' };
const voteThenClosing = (poll: string) => [
  { kind: 'gap', state: 'open', reason: 'secret-missing' },
  { kind: 'message', text: 'Voted for: Friday', replyTo: `message/${robin.jid}/${poll}` },
  closing,
];

describe('what is sealed under the secret of a message that has not come', () => {
  it('is read when that message comes, also in a later life', async () => {
    const [poll, other] = ['3AP0LL0001', '3AP0LL0002'];
    const { id } = await robin.send(device, voteIn(poll));
    const { id: unread } = await robin.send(device, voteIn(other));
    await acknowledged();
    await phone.stop();
    phone.start();
    await phone.untilState('open');
    await robin.send(device, pollContent, { id: poll });
    await acknowledged();
    expect(eventsAbout(id)).toMatchObject(voteThenClosing(poll));
    expect(eventsAbout(unread)).toMatchObject([{ state: 'open', reason: 'secret-missing' }]);
    await robin.send(device, pollContent, { id: other });
    await acknowledged();
    expect(eventsAbout(unread)).toMatchObject(voteThenClosing(other));
    expect(namesOf('awaiting')).toEqual([]);
  });

  it('is read when the phone hands that message over with the past', async () => {
    const poll = '3AP0LL0003';
    const { id } = await robin.send(device, voteIn(poll));
    await acknowledged();
    const key = { remoteJid: robin.jid, id: poll, fromMe: false };
    const message = { key, messageTimestamp: 1_795_000_000, message: pollContent };
    await server.phone.sendHistory(device, {
      syncType: proto.HistorySync.HistorySyncType.RECENT,
      conversations: [{ id: robin.jid, messages: [{ message }] }],
    } as never);
    await until(() => eventsAbout(id).length > 1);
    expect(eventsAbout(id)).toMatchObject(voteThenClosing(poll));
  });

  it('is read though it is an edit', async () => {
    const original = '3AED1T0001';
    const { id } = await robin.send(device, sealedEdit(original, robin, 'after'));
    await acknowledged();
    await robin.send(device, editable, { id: original });
    await acknowledged();
    expect(eventsAbout(id)).toMatchObject([
      { kind: 'gap', state: 'open', reason: 'secret-missing' },
      { kind: 'edit', about: `message/${robin.jid}/${original}`, text: 'after' },
      closing,
    ]);
  });

  it('keeps the gap that it had open when it could not be decrypted at first, until it is read', async () => {
    const poll = '3AP0LL0004';
    const { id } = await robin.send(device, voteIn(poll), { undecryptable: true });
    await until(() => phone.store.bodies('message').some(({ closes }) => closes === true));
    await acknowledged();
    expect(eventsAbout(id)).toMatchObject([{ kind: 'gap', state: 'open', reason: 'undecryptable' }]);
    await robin.send(device, pollContent, { id: poll });
    await acknowledged();
    expect(eventsAbout(id)).toMatchObject([{ reason: 'undecryptable' }, { kind: 'message' }, closing]);
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

  it('is closed by an answer of the phone that comes before the gap is committed', async () => {
    await acknowledged();
    phone.session.beforeCommit = async (received) => {
      if (received.some(({ endpoint }) => endpoint === 'stanza')) await sleep(300);
    };
    const id = robin.sendUnavailable(device, undefined);
    const key = { remoteJid: robin.jid, fromMe: false, id };
    await server.phone.resend(device, 'asked', [
      { key, messageTimestamp: 1_795_000_000, message: { conversation: 'at last' } },
    ]);
    await until(() => phone.store.bodies('history').length === 1);
    await acknowledged();
    expect(eventsAbout(id)).toMatchObject([
      { kind: 'gap', state: 'open', reason: 'placeholder' },
      { kind: 'message', text: 'at last' },
      closing,
    ]);
    expect(namesOf('unread')).toEqual([]);
  });

  it('is on record when nothing was sent to be read', async () => {
    robin.sendUnavailable(device, 'view_once_unavailable_fanout');
    await acknowledged();
    expect(failures()).toMatchObject([{ failure: 'view_once_unavailable_fanout', chat: robin.jid }]);
  });
});

it('keeps secrets for as long as they can be needed, and those of polls for longer', async () => {
  await robin.send(device, editable);
  await robin.send(device, pollContent);
  robin.sendUnavailable(device, undefined);
  await acknowledged();
  const groups = ['secret', 'lasting-secret', 'unread'];
  const counts = () => groups.map((group) => namesOf(group).length);
  const later = async (days: number) => {
    await phone.stop();
    phone.start((session) => {
      session.now = () => new Date(Date.now() + days * 24 * 60 * 60 * 1_000);
    });
    await phone.untilState('open');
  };
  await later(89);
  expect(counts()).toEqual([1, 1, 1]);
  await later(91);
  await until(() => counts()[0] === 0);
  await until(() => counts()[2] === 0);
  expect(counts()).toEqual([0, 1, 0]);
  await later(367);
  await until(() => counts()[1] === 0);
});

describe('the past', () => {
  it('closes the gap of a message that could not be read', async () => {
    const id = robin.sendUnavailable(device, undefined);
    await acknowledged();
    const key = { remoteJid: robin.jid, id, fromMe: false };
    const message = { key, messageTimestamp: 1_795_000_000, message: { conversation: 'at last' } };
    await server.phone.sendHistory(device, {
      syncType: proto.HistorySync.HistorySyncType.RECENT,
      conversations: [{ id: robin.jid, messages: [{ message }] }],
    } as never);
    await until(() => eventsAbout(id).length > 1);
    expect(eventsAbout(id)).toMatchObject([
      { kind: 'gap', state: 'open', reason: 'placeholder' },
      { kind: 'message', text: 'at last' },
      closing,
    ]);
    expect(namesOf('unread')).toEqual([]);
  });

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

  const fileOf = (bytes: Uint8Array) => server.media.put(bytes, 'md-msg-hist');

  it('is downloaded where it comes as a file, and checked', async () => {
    await server.phone.sendHistoryFile(device, history(3) as never, fileOf);
    await until(() => ids().length === 3);
    const spoiled = (bytes: Uint8Array) => {
      const fields = fileOf(bytes);
      server.media.spoil(fields);
      return fields;
    };
    await server.phone.sendHistoryFile(device, history(5) as never, spoiled);
    await until(() => phone.store.state.get('history-pending') === '[]' && failures().length === 1);
    expect(ids()).toHaveLength(3);
    expect(failures()).toMatchObject([{ failure: 'history unavailable' }]);
    expect(phone.session.health).toMatchObject({ state: 'open' });
  });

  it('is a gap where its file is gone', async () => {
    const gone = (bytes: Uint8Array) => {
      const fields = fileOf(bytes);
      server.media.lose(fields, 410);
      return fields;
    };
    await server.phone.sendHistoryFile(device, history(5) as never, gone);
    await until(() => failures().length === 1);
    await until(() => phone.store.state.get('history-pending') === '[]');
    expect(ids()).toEqual([]);
  });

  const nextLife = async () => {
    await phone.stop();
    phone.start();
  };
  const nextHour = async () => {
    phone.session.now = () => new Date(Date.now() + 61 * 60_000);
    await robin.send(device, { conversation: 'an hour later' });
  };

  it.each([
    ['in the next life', nextLife],
    ['an hour later', nextHour],
  ])('is a gap while its file cannot be had, which closes when it is fetched %s', async (_, later) => {
    let file: Parameters<typeof server.media.lose>[0] | undefined;
    await server.phone.sendHistoryFile(device, history(3) as never, (bytes) => {
      const fields = fileOf(bytes);
      server.media.lose(fields, 500);
      file = fields;
      return fields;
    });
    await until(() => failures().length === 1);
    const gaps = () => eventsAbout('').filter(({ kind }) => kind === 'gap');
    expect(gaps()).toMatchObject([{ state: 'open', reason: 'history-missing' }]);
    if (file !== undefined) server.media.giveBack(file);
    await later();
    await until(() => phone.store.state.get('history-pending') === '[]');
    expect(ids()).toHaveLength(3);
    const [opened] = gaps();
    expect(gaps()).toMatchObject([{ state: 'open' }, { state: 'closed', about: opened?.key }]);
    expect(phone.store.state.has('history-late')).toBe(false);
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
