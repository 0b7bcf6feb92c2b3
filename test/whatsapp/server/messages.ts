import { proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import type { Device } from './device.js';
import type { WhatsAppServer } from './index.js';
import { type BinaryNode, bytesOf, childOf, children, node, parseJid, seconds } from './nodes.js';
import type { Peer } from './peer.js';

/** Takes a message of a client: acknowledges it and hands each its own copy. */
export async function takeMessage(stanza: BinaryNode, device: Device, server: WhatsAppServer): Promise<void> {
  const { id = '', to = '' } = stanza.attrs;
  const refusedWith = server.refusesMessages;
  const attributes = { class: 'message', id, from: to, t: seconds(), error: refusedWith };
  if (server.acknowledgesMessages) device.tell(node('ack', attributes));
  if (refusedWith !== undefined) return;
  for (const copy of copiesOf(stanza)) {
    const person = server.personAt(copy.to);
    if (person === undefined || parseJid(copy.to).device !== 0) continue;
    const message = await person.receive(device, copy.enc);
    await takeCopy(person, device, stanza, message);
  }
  const forGroup = children(stanza, 'enc').find(({ attrs }) => attrs.type === 'skmsg');
  if (forGroup !== undefined) await takeGroupMessage(stanza, forGroup, device, server);
}

/** A message to several devices names each; one to a single device only carries the ciphertext. */
function copiesOf(stanza: BinaryNode): { to: string; enc: BinaryNode }[] {
  const named = children(childOf(stanza, 'participants'), 'to').flatMap((copy) => {
    const enc = childOf(copy, 'enc');
    return enc ? [{ to: copy.attrs.jid ?? '', enc }] : [];
  });
  const single = children(stanza, 'enc').filter(({ attrs }) => attrs.type !== 'skmsg');
  const to = stanza.attrs.participant ?? stanza.attrs.to ?? '';
  return [...named, ...single.map((enc) => ({ to, enc }))];
}

async function takeCopy(
  person: Peer,
  device: Device,
  stanza: BinaryNode,
  message: proto.IMessage,
): Promise<void> {
  const { id = '', to = '' } = stanza.attrs;
  const distribution = message.senderKeyDistributionMessage;
  if (distribution?.groupId && distribution.axolotlSenderKeyDistributionMessage) {
    await person.signal.takeSenderKey(
      device.jid,
      distribution.groupId,
      distribution.axolotlSenderKeyDistributionMessage,
    );
    return;
  }
  person.received.push({ id, from: device, chat: stanza.attrs.recipient ?? to, message });
}

async function takeGroupMessage(
  stanza: BinaryNode,
  enc: BinaryNode,
  device: Device,
  server: WhatsAppServer,
): Promise<void> {
  const { id = '', to = '' } = stanza.attrs;
  for (const person of server.groupAt(to)?.members ?? []) {
    const plain = await person.signal.decryptFromGroup(to, device.jid, bytesOf(enc));
    const message = proto.Message.decode(unpadRandomMax16(plain));
    person.received.push({ id, from: device, chat: to, message });
  }
}
