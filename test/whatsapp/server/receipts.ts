import type { Device } from './device.js';
import type { WhatsAppServer } from './index.js';
import { bundleOf } from './keys.js';
import { mediaKeyIn } from './media.js';
import { type BinaryNode, childOf, node, seconds } from './nodes.js';

/** Takes a receipt of a client: it settles a message, or asks for it again. */
export async function takeReceipt(
  receipt: BinaryNode,
  device: Device,
  server: WhatsAppServer,
): Promise<void> {
  const { id = '', type, to = '', participant } = receipt.attrs;
  device.tell(node('ack', { class: 'receipt', id, type, from: to, t: seconds() }));
  const sender = server.personAt(participant ?? to) ?? device.phone;
  if (type === 'retry') {
    const count = childOf(receipt, 'retry')?.attrs.count ?? '1';
    return sender.sendAgain(id, device, count, bundleOf(receipt));
  }
  if (type === 'server-error') {
    const carried = server.people.map((person) => person.sentMessage(id)?.message);
    return server.media.takeRetry(receipt, device, mediaKeyIn(carried));
  }
  for (const settled of device.settle(receipt)) {
    const author = server.personAt(settled.attrs.participant ?? settled.attrs.from ?? '');
    author?.signal.settle(device.jid);
  }
}
