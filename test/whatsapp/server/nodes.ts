import type { BinaryNode } from '@whiskeysockets/baileys';

export type { BinaryNode } from '@whiskeysockets/baileys';

export const serverJid = 's.whatsapp.net';

type Attributes = Readonly<Record<string, string | undefined>>;

/** A node; attributes that are undefined are left out. */
export function node(tag: string, attributes: Attributes = {}, content?: BinaryNode['content']): BinaryNode {
  const attrs: BinaryNode['attrs'] = {};
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) attrs[name] = value;
  return content === undefined ? { tag, attrs } : { tag, attrs, content };
}

/** The children; none for a node that carries bytes or text. */
export function children(of: BinaryNode | undefined, tag?: string): BinaryNode[] {
  const all = Array.isArray(of?.content) ? of.content : [];
  return tag === undefined ? all : all.filter((child) => child.tag === tag);
}

/** The first child of that name, of its child of the next name and so on. */
export function childOf(of: BinaryNode | undefined, ...path: string[]): BinaryNode | undefined {
  return path.reduce<BinaryNode | undefined>((found, tag) => children(found, tag)[0], of);
}

/** @throws when the node is absent or carries no bytes */
export function bytesOf(of: BinaryNode | undefined): Buffer {
  if (of?.content instanceof Uint8Array) return Buffer.from(of.content);
  throw new Error(`No bytes in <${of?.tag ?? 'nothing'}>.`);
}

/** A big-endian number, as key ids and registration ids are sent. */
export function numberOf(of: BinaryNode | undefined): number {
  const bytes = bytesOf(of);
  return bytes.readUIntBE(0, bytes.length);
}

export function bigEndian(value: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
}

export const seconds = (at: Date = new Date()): string => Math.floor(at.getTime() / 1000).toString();

/** `4915…:3@s.whatsapp.net` is user `4915…`, device 3. */
export function parseJid(jid: string): { user: string; device: number; server: string } {
  const [address = '', server = ''] = jid.split('@');
  const [user = '', device = '0'] = address.split(':');
  return { user, device: Number(device), server };
}
