import type { BinaryNode } from '@whiskeysockets/baileys';

/** A node as JSON: its bytes as `{ "base64": … }`. */
export interface PlainNode {
  readonly tag: string;
  readonly attrs: Readonly<Record<string, string>>;
  readonly content?: string | { readonly base64: string } | readonly PlainNode[];
}

export function plain({ tag, attrs, content }: BinaryNode): PlainNode {
  if (content === undefined) return { tag, attrs };
  if (Array.isArray(content)) return { tag, attrs, content: content.map(plain) };
  if (typeof content === 'string') return { tag, attrs, content };
  return { tag, attrs, content: { base64: Buffer.from(content).toString('base64') } };
}

export function childrenOf({ content }: BinaryNode): BinaryNode[] {
  return Array.isArray(content) ? content : [];
}

/** What a notification of one of these types says is for the library: keys, devices, settings, tokens. No communication. */
const mechanical = new Set([
  'encrypt',
  'devices',
  'server_sync',
  'account_sync',
  'privacy_token',
  'link_code_companion_reg',
  'mediaretry',
]);

export function isMechanical({ attrs }: BinaryNode): boolean {
  return mechanical.has(attrs.type ?? '');
}

const ciphertexts = new Set(['pkmsg', 'msg', 'skmsg']);

/** The parts of a message that the library hands to its signal repository. */
export function ciphertextsOf(stanza: BinaryNode): Uint8Array[] {
  return childrenOf(stanza).flatMap(({ tag, attrs, content }) =>
    tag === 'enc' && ciphertexts.has(attrs.type ?? '') && content instanceof Uint8Array ? [content] : [],
  );
}

/** The parts that come as they are, as in channels. */
export function plaintextsOf(stanza: BinaryNode): Uint8Array[] {
  return childrenOf(stanza).flatMap(({ tag, content }) =>
    tag === 'plaintext' && content instanceof Uint8Array ? [content] : [],
  );
}

/** Why a message has nothing that could be decrypted, in a word. */
export function absenceIn(stanza: BinaryNode): string {
  for (const { tag, attrs } of childrenOf(stanza)) {
    if (tag === 'unavailable') return attrs.type ?? 'unavailable';
    if (tag === 'enc') return `unknown encryption ${(attrs.type ?? '').slice(0, 30)}`.trim();
  }
  return 'no content';
}

/** Attributes in which a person or a chat is named. */
const naming = [
  'from',
  'participant',
  'recipient',
  'sender_pn',
  'sender_lid',
  'participant_pn',
  'participant_lid',
];
const alternative = ['recipient_pn', 'recipient_lid', 'peer_recipient_pn', 'peer_recipient_lid', 'caller_pn'];

export function jidsIn({ attrs }: BinaryNode): string[] {
  return [...naming, ...alternative].flatMap((name) => attrs[name] ?? []);
}
