import { proto } from '@whiskeysockets/baileys';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { until } from '../support/until.js';
import { PlainClient, silenceLibsignal } from './plain-client.js';
import { type Device, node, type Peer, WhatsAppServer } from './server/index.js';

let server: WhatsAppServer;
let client: PlainClient;
let device: Device;
let robin: Peer;

beforeEach(async () => {
  silenceLibsignal();
  server = await WhatsAppServer.start();
  client = new PlainClient(server);
  device = await client.link();
  robin = server.peer({ phone: '+14155550101', pushName: 'Robin' });
});

afterEach(async () => {
  await client.end();
  await server[Symbol.asyncDispose]();
  expect(server.faults).toEqual([]);
});

const encTypes = () =>
  client.frames.flatMap(({ tag, content }) =>
    tag === 'message' && Array.isArray(content)
      ? content.filter((child) => child.tag === 'enc').map(({ attrs }) => attrs.type)
      : [],
  );

/** What became of messages that the client sent: by an update, or within the message where both came at once. */
const statuses = () => {
  const updates = client.named('messages.update').flat() as { update: { status?: number } }[];
  return [
    ...updates.map(({ update }) => update.status),
    ...client.messages.map(({ message }) => message.status),
  ];
};

const last = () => client.messages.at(-1)?.message;

describe('somebody else', () => {
  test('writes while the client is there: first pkmsg, then msg', async () => {
    for (const text of ['one', 'two', 'three']) {
      await robin.send(device, { conversation: text });
      await until(() => device.unacknowledged.length === 0);
    }
    await until(() => client.texts.length === 3);
    expect(client.texts).toEqual(['one', 'two', 'three']);
    expect(encTypes().slice(-3)).toEqual(['pkmsg', 'msg', 'msg']);
    expect(last()).toMatchObject({ pushName: 'Robin', key: { remoteJid: robin.jid, fromMe: false } });
    expect(client.messages.at(-1)?.type).toBe('notify');
  });

  test('writes while the client is away', async () => {
    await client.end();
    await until(() => !device.isOnline);
    await robin.send(device, { conversation: 'one' });
    await robin.send(device, { conversation: 'two' });
    await client.open();
    await until(() => client.texts.length === 2);
    expect(client.texts).toEqual(['one', 'two']);
    expect(client.messages.at(-1)?.type).toBe('append');
    await until(() => device.unacknowledged.length === 0);
  });

  test('is heard again when the client went before it acknowledged', async () => {
    server.seen.watch(({ node }) => {
      if (node.tag === 'receipt') server.silent = true;
    });
    const { id } = await robin.send(device, { conversation: 'one' });
    await until(() => server.silent);
    await client.end();
    await until(() => !device.isOnline);
    expect(device.unacknowledged.map(({ attrs }) => attrs.id)).toEqual([id]);
    server.silent = false;
    await client.open();
    await until(() => server.seen.acks.some((ack) => ack.id === id));
  });

  test('writes from a LID', async () => {
    await robin.send(device, { conversation: 'one' }, { address: 'lid' });
    await until(() => client.texts.length === 1);
    expect(last()?.key).toMatchObject({ remoteJid: robin.lidJid, remoteJidAlt: robin.jid });
  });

  test('sends the same id in both forms', async () => {
    await robin.send(device, { conversation: 'one' }, { id: 'SAME' });
    await robin.send(device, { conversation: 'one' }, { id: 'SAME', address: 'lid' });
    await until(() => device.unacknowledged.length === 0);
    await until(() => client.messages.filter(({ message }) => message.key.id === 'SAME').length === 2);
  });

  test('sends again what could not be decrypted', async () => {
    const { id } = await robin.send(device, { conversation: 'one' }, { undecryptable: true });
    await until(() => client.texts.length === 1);
    expect(server.seen.receipts.map(({ type }) => type)).toContain('retry');
    expect(server.seen.acks.find((ack) => ack.id === id)?.error).toBe('500');
    await until(() => device.unacknowledged.length === 0);
  });

  test('does not send it again when their phone is off', async () => {
    robin.answersRetries = false;
    await robin.send(device, { conversation: 'one' }, { undecryptable: true });
    await until(() => device.unacknowledged.length === 0);
    await robin.send(device, { conversation: 'two' });
    await until(() => client.texts.length === 1);
    expect(client.texts).toEqual(['two']);
  });

  test('sends what may be viewed once, without content', async () => {
    const id = robin.sendUnavailable(device, 'view_once_unavailable_fanout');
    await until(() => device.unacknowledged.length === 0);
    expect(server.seen.acks.find((ack) => ack.id === id)?.error).toBeUndefined();
  });

  test('calls, and nobody takes it', async () => {
    const call = robin.call(device, { video: true });
    call.timeOut();
    await until(() => client.named('call').length === 2);
    expect(client.named('call').flat()).toMatchObject([
      { id: call.id, status: 'offer', isVideo: true, callerPn: robin.jid },
      { id: call.id, status: 'timeout' },
    ]);
    await until(() => device.unacknowledged.length === 0);
  });

  test('calls, and the phone takes it', async () => {
    const call = robin.call(device);
    call.accept();
    call.terminate();
    await until(() => client.named('call').length === 3);
    const statuses = client
      .named('call')
      .flat()
      .map((event) => (event as { status: string }).status);
    expect(statuses).toEqual(['offer', 'accept', 'terminate']);
  });
});

describe('the phone of the account', () => {
  test('writes itself, and the client gets it as its own', async () => {
    await server.phone.write(device, robin, { conversation: 'from the phone' });
    await until(() => client.texts.length === 1);
    expect(last()?.key).toMatchObject({ remoteJid: robin.jid, fromMe: true });
    await until(() => device.unacknowledged.length === 0);
  });

  test('sends history', async () => {
    const message = {
      key: { remoteJid: robin.jid, fromMe: false, id: 'OLD1' },
      message: { conversation: 'long ago' },
      messageTimestamp: 1_700_000_000,
    };
    const conversations = [{ id: robin.jid, messages: [{ message, msgOrderId: 1 }] }];
    const { RECENT } = proto.HistorySync.HistorySyncType;
    await server.phone.sendHistory(device, { syncType: RECENT, conversations });
    const texts = () =>
      client
        .named('messaging-history.set')
        .flatMap((value) => (value as { messages: { message?: proto.IMessage }[] }).messages)
        .map((old) => old.message?.conversation);
    await until(() => texts().includes('long ago'));
    await until(() => device.unacknowledged.length === 0);
  });
});

describe('content that did not come along', () => {
  test('is sent by the phone when the client asks for it', async () => {
    const id = robin.sendUnavailable(device, undefined);
    await until(() => server.phone.received.length > 0);
    const [asked] = server.phone.received;
    const inner = asked?.message.deviceSentMessage?.message?.protocolMessage;
    const request = inner?.peerDataOperationRequestMessage;
    expect(request?.placeholderMessageResendRequest).toMatchObject([{ messageKey: { id } }]);
    const key = { remoteJid: robin.jid, fromMe: false, id };
    const message = { conversation: 'late' };
    await server.phone.resend(device, asked?.id ?? '', [{ key, message, messageTimestamp: 1_795_426_200 }]);
    await until(() => client.texts.includes('late'));
    await until(() => device.unacknowledged.length === 0);
  });

  test('comes for what nobody encrypts', async () => {
    const plaintext = proto.Message.encode({ conversation: 'news' }).finish();
    const attributes = { from: '120363000000000001@newsletter', id: '101', type: 'text', t: '1795426200' };
    device.deliver(node('message', attributes, [node('plaintext', {}, plaintext)]));
    await until(() => client.texts.includes('news'));
    await until(() => device.unacknowledged.length === 0);
  });
});

describe('a group', () => {
  test('is heard with one key for each of its members', async () => {
    const kim = server.peer({ phone: '+14155550102' });
    const group = server.group({ subject: 'Desk', members: [robin, kim, server.phone] });
    await group.send(device, robin, { conversation: 'one' });
    await until(() => client.texts.length === 1);
    await group.send(device, kim, { conversation: 'two' }, { address: 'lid' });
    await until(() => client.texts.length === 2);
    await group.send(device, robin, { conversation: 'three' });
    await until(() => client.texts.length === 3);
    expect(client.texts).toEqual(['one', 'two', 'three']);
    expect(encTypes().slice(-5)).toEqual(['pkmsg', 'skmsg', 'pkmsg', 'skmsg', 'skmsg']);
    expect(last()?.key).toMatchObject({ remoteJid: group.jid, participant: robin.jid });
  });

  test('sends again what could not be decrypted', async () => {
    const group = server.group({ subject: 'Desk', members: [robin, server.phone] });
    await group.send(device, robin, { conversation: 'one' }, { undecryptable: true });
    await until(() => client.texts.length === 1);
    await group.send(device, robin, { conversation: 'two' });
    await until(() => client.texts.length === 2);
  });

  test('hears of what the phone writes into it', async () => {
    const group = server.group({ subject: 'Desk', members: [robin, server.phone] });
    await group.send(device, server.phone, { conversation: 'from the phone' });
    await until(() => client.texts.length === 1);
    expect(last()?.key).toMatchObject({ remoteJid: group.jid, fromMe: true });
    await until(() => device.unacknowledged.length === 0);
  });

  test('changes its members and its subject', async () => {
    const kim = server.peer({ phone: '+14155550102' });
    const group = server.group({ subject: 'Desk', members: [robin, server.phone] });
    group.add(device, robin, [kim]);
    group.promote(device, robin, [kim]);
    group.demote(device, robin, [kim]);
    group.rename(device, robin, 'Front desk');
    group.remove(device, kim, [kim]);
    await until(() => device.unacknowledged.length === 0);
    const { GROUP_PARTICIPANT_ADD, GROUP_PARTICIPANT_PROMOTE, GROUP_PARTICIPANT_DEMOTE } =
      proto.WebMessageInfo.StubType;
    const { GROUP_CHANGE_SUBJECT, GROUP_PARTICIPANT_LEAVE } = proto.WebMessageInfo.StubType;
    await until(() =>
      client.messages.some(({ message }) => message.messageStubType === GROUP_PARTICIPANT_LEAVE),
    );
    expect(client.messages.flatMap(({ message }) => message.messageStubType || [])).toEqual([
      ...[GROUP_PARTICIPANT_ADD, GROUP_PARTICIPANT_PROMOTE, GROUP_PARTICIPANT_DEMOTE],
      ...[GROUP_CHANGE_SUBJECT, GROUP_PARTICIPANT_LEAVE],
    ]);
    expect(await client.socket?.groupMetadata(group.jid)).toMatchObject({ subject: 'Front desk', size: 2 });
  });
});

describe('the client', () => {
  test('writes to somebody, who answers in the same session', async () => {
    const sent = await client.socket?.sendMessage(robin.jid, { text: 'hello' });
    await until(() => robin.received.length === 1);
    const [received] = robin.received;
    expect(received).toMatchObject({ id: sent?.key.id, chat: robin.jid });
    expect(received?.message.extendedTextMessage?.text).toBe('hello');
    await robin.send(device, { conversation: 'hello yourself' });
    await until(() => client.texts.length === 1);
    expect(encTypes().slice(-1)).toEqual(['msg']);
  });

  test('shows its own message to the phone', async () => {
    await client.socket?.sendMessage(robin.jid, { text: 'hello' });
    await until(() => server.phone.received.length === 1);
    expect(server.phone.received[0]?.message.deviceSentMessage?.destinationJid).toBe(robin.jid);
  });

  test('writes into a group', async () => {
    const kim = server.peer({ phone: '+14155550102' });
    const group = server.group({ subject: 'Desk', members: [robin, kim, server.phone] });
    await client.socket?.sendMessage(group.jid, { text: 'hello' });
    const everybody = [robin, kim, server.phone];
    await until(() => everybody.every(({ received }) => received.length === 1));
    expect(kim.received[0]?.message.extendedTextMessage?.text).toBe('hello');
    expect(kim.received[0]?.chat).toBe(group.jid);
  });

  test('is told that a message was delivered and read', async () => {
    const sent = await client.socket?.sendMessage(robin.jid, { text: 'hello' });
    const id = sent?.key.id ?? '';
    const { DELIVERY_ACK, READ } = proto.WebMessageInfo.Status;
    robin.sendReceipt(device, [id]);
    await until(() => statuses().includes(DELIVERY_ACK));
    robin.sendReceipt(device, [id], { type: 'read' });
    await until(() => statuses().includes(READ));
    await until(() => device.unacknowledged.length === 0);
  });

  test('is told who of a group has read', async () => {
    const group = server.group({ subject: 'Desk', members: [robin, server.phone] });
    const sent = await client.socket?.sendMessage(group.jid, { text: 'hello' });
    robin.sendReceipt(device, [sent?.key.id ?? ''], { type: 'read', group });
    const readers = () => [
      ...(client.named('message-receipt.update').flat() as { receipt: { userJid: string } }[]).map(
        ({ receipt }) => receipt.userJid,
      ),
      ...client.messages.flatMap(({ message }) => message.userReceipt?.map(({ userJid }) => userJid) ?? []),
    ];
    await until(() => readers().length > 0);
    expect(readers()).toEqual([robin.jid]);
  });

  test('is refused a message', async () => {
    server.refusesMessages = '479';
    await client.socket?.sendMessage(robin.jid, { text: 'hello' });
    await until(() => client.frames.some(({ tag, attrs }) => tag === 'ack' && attrs.error === '479'));
    expect(robin.received).toEqual([]);
  });

  test('that is passive shows no presence and reads nothing', async () => {
    await robin.send(device, { conversation: 'one' });
    await until(() => client.texts.length === 1);
    await until(() => device.unacknowledged.length === 0);
    expect(server.seen.receipts.filter(({ type }) => type === 'read')).toEqual([]);
    expect(server.seen.presences.map(({ node }) => node.attrs.type)).not.toContain('available');
  });
});
