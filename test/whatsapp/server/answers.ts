import type { Device } from './device.js';
import type { WhatsAppServer } from './index.js';
import { bundleNode, takeKeys, takeSignedPreKey } from './keys.js';
import { type BinaryNode, childOf, children, node, serverJid } from './nodes.js';
import type { Phone } from './phone.js';
import { usync } from './usync.js';

type Answer = BinaryNode[] | Promise<BinaryNode[]>;
type Answerer = (query: BinaryNode, device: Device, server: WhatsAppServer) => Answer;

/** What the server answers to a query, by its namespace. Those that are not here get an empty result. */
const answerers: Readonly<Record<string, Answerer>> = {
  encrypt,
  usync: (query, _, server) => [usync(query, server)],
  abt: () => [node('props', { protocol: '1', hash: 'none' })],
  blocklist: () => [node('list')],
  privacy: (query) => (query.attrs.type === 'get' ? [privacySettings()] : []),
  'w:m': (_, __, server) => [server.media.connectionNode()],
  'w:g2': (query, _, server) => groups(query, server),
  'w:sync:app:state': (query) => [appState(query)],
};

/** The result of a query. An unknown one is a result without content, since the library asks for much that it can do without. */
export async function answer(query: BinaryNode, device: Device, server: WhatsAppServer): Promise<BinaryNode> {
  const { id, xmlns = '', to } = query.attrs;
  const content = (await answerers[xmlns]?.(query, device, server)) ?? [];
  const refused = content.some(({ tag }) => tag === 'error');
  const attributes = { id, from: to ?? serverJid, type: refused ? 'error' : 'result' };
  return content.length === 0 ? node('iq', attributes) : node('iq', attributes, content);
}

async function encrypt(query: BinaryNode, device: Device, server: WhatsAppServer): Promise<BinaryNode[]> {
  const asked = children(query)[0]?.tag;
  if (asked === 'count') return [node('count', { value: String(device.preKeys.size) })];
  if (asked === 'digest') return [node('digest', {}, [node('registration')])];
  if (asked === 'rotate') {
    device.keys.signedPreKey = takeSignedPreKey(childOf(query, 'rotate', 'skey'));
    return [];
  }
  if (asked === 'key') {
    const users = children(childOf(query, 'key'), 'user').map(({ attrs }) => attrs.jid ?? '');
    return [node('list', {}, await Promise.all(users.map((jid) => keysOf(jid, server))))];
  }
  if (query.attrs.type === 'set') takeKeys(query, device);
  return [];
}

async function keysOf(jid: string, server: WhatsAppServer): Promise<BinaryNode> {
  const linked = server.deviceAt(jid);
  if (linked !== undefined) return bundleNode(jid, linked.takeBundle());
  const person = server.personAt(jid);
  if (person !== undefined) return bundleNode(jid, await person.signal.bundle());
  return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]);
}

function privacySettings(): BinaryNode {
  const settings = { readreceipts: 'all', last: 'all', online: 'all', profile: 'all', groupadd: 'all' };
  const categories = Object.entries(settings).map(([name, value]) => node('category', { name, value }));
  return node('privacy', {}, categories);
}

/** One group, or all of them. */
function groups(query: BinaryNode, server: WhatsAppServer): BinaryNode[] {
  if (childOf(query, 'participating')) {
    return [
      node(
        'groups',
        {},
        server.groups.map(({ metadata }) => metadata),
      ),
    ];
  }
  const group = server.groups.find(({ jid }) => jid === query.attrs.to);
  return [group?.metadata ?? node('error', { code: '404', text: 'item-not-found' })];
}

/** No settings are synchronised: every collection is empty, at the version that the client has. */
function appState(query: BinaryNode): BinaryNode {
  const collections = children(childOf(query, 'sync'), 'collection');
  return node(
    'sync',
    {},
    collections.map(({ attrs }) =>
      node('collection', { name: attrs.name, version: attrs.version, type: 'result' }),
    ),
  );
}

/** Whether a device has been told to go, and how the login of one ends. */
export function refusal(phone: Phone | undefined, device: Device | undefined): BinaryNode | undefined {
  if (phone?.banned) return node('failure', { reason: '403', location: 'test' });
  if (device === undefined) return node('failure', { reason: '401', location: 'test' });
  return undefined;
}
