import type { WhatsAppServer } from './index.js';
import { type BinaryNode, childOf, children, node } from './nodes.js';
import type { Peer } from './peer.js';
import { Phone } from './phone.js';

/** Who is this, which devices, which LID: for each user of the query what was asked of it. */
export function usync(query: BinaryNode, server: WhatsAppServer): BinaryNode {
  const asked = childOf(query, 'usync');
  const protocols = children(childOf(asked, 'query')).map(({ tag }) => tag);
  const users = children(childOf(asked, 'list'), 'user').map((user) => userNode(user, protocols, server));
  return node('usync', { sid: asked?.attrs.sid, mode: asked?.attrs.mode }, [node('list', {}, users)]);
}

function userNode(user: BinaryNode, protocols: string[], server: WhatsAppServer): BinaryNode {
  const number = childOf(user, 'contact')?.content;
  const digits =
    number === undefined
      ? ''
      : Buffer.from(number as Uint8Array)
          .toString()
          .replace(/\D/g, '');
  const jid = user.attrs.jid ?? `${digits}@s.whatsapp.net`;
  const person = server.personAt(jid);
  return node(
    'user',
    { jid },
    protocols.flatMap((protocol) => protocolNode(protocol, person) ?? []),
  );
}

function protocolNode(protocol: string, person: Peer | undefined): BinaryNode | undefined {
  if (protocol === 'contact') return node('contact', { type: person ? 'in' : 'out' });
  if (person === undefined) return undefined;
  if (protocol === 'lid') return node('lid', { val: person.lidJid });
  if (protocol === 'devices') return node('devices', {}, [node('device-list', {}, deviceNodes(person))]);
  return undefined;
}

function deviceNodes(person: Peer): BinaryNode[] {
  const linked = person instanceof Phone ? person.devices.filter(({ removed }) => !removed) : [];
  return [
    node('device', { id: '0' }),
    ...linked.map(({ id }) => node('device', { id: String(id), 'key-index': String(id) })),
  ];
}
