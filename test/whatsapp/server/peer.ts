import { randomBytes } from 'node:crypto';
import { encodeWAMessage, proto, unpadRandomMax16 } from '@whiskeysockets/baileys';
import { Call, type CallOptions } from './calls.js';
import type { Device } from './device.js';
import { type BinaryNode, bytesOf, node, parseJid, seconds, serverJid } from './nodes.js';
import { type Ciphertext, type KeyBundle, Signal } from './signal.js';

export interface PeerOptions {
  /** Digits with or without `+`. */
  readonly phone: string;
  /** Digits of the LID; made up from the phone number if absent. */
  readonly lid?: string;
  readonly pushName?: string;
}

export interface SendOptions {
  /** Made up if absent. The same id may be sent twice. */
  readonly id?: string;
  readonly at?: Date;
  /** Which form the sender has in the stanza. `pn` if absent. */
  readonly address?: 'pn' | 'lid';
  /** Leaves out the attribute that names the sender's other form. */
  readonly withoutMapping?: boolean;
  /** Spoils the ciphertext on its way, so that the device cannot decrypt it. */
  readonly undecryptable?: boolean;
  /** Further attributes of the stanza, such as `edit`. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ReceiptOptions {
  /** Absent for `delivered`; `read`, `played`, … */
  readonly type?: string;
  readonly at?: Date;
  /** For messages in a group, where each member sends its own. */
  readonly group?: { readonly jid: string };
  readonly address?: 'pn' | 'lid';
}

/** A message on its way to a device. */
export interface Sent {
  readonly id: string;
  readonly to: Device;
  readonly message: proto.IMessage;
  /** The stanza's attributes, for sending it again. */
  readonly attributes: Readonly<Record<string, string | undefined>>;
}

/** A message that a client sent, as the one who got it reads it. */
export interface ReceivedMessage {
  readonly id: string;
  readonly from: Device;
  /** The JID that the client sent to: a person or a group. */
  readonly chat: string;
  readonly message: proto.IMessage;
}

export const makeMessageId = (): string => `3A${randomBytes(9).toString('hex').toUpperCase()}`;

/** Somebody with WhatsApp on a phone: a number, a LID, a Signal identity. */
export class Peer {
  readonly jid: string;
  readonly lidJid: string;
  readonly pushName: string | undefined;
  readonly signal = new Signal();
  /** What clients have sent to this person, decrypted. */
  readonly received: ReceivedMessage[] = [];
  /** Answers a request to send a message again, as a phone that is on does. */
  answersRetries = true;
  private readonly sent = new Map<string, Sent>();

  constructor({ phone, lid, pushName }: PeerOptions) {
    const digits = phone.replace(/\D/g, '');
    this.jid = `${digits}@${serverJid}`;
    this.lidJid = `${lid ?? `1000${digits}`}@lid`;
    this.pushName = pushName;
  }

  isAt(jid: string): boolean {
    const { user } = parseJid(jid);
    return user === parseJid(this.jid).user || user === parseJid(this.lidJid).user;
  }

  /** Sends a message into the chat with the owner of the device. */
  async send(device: Device, message: proto.IMessage, options: SendOptions = {}): Promise<Sent> {
    return this.post(device, message, this.ownForms(options), options);
  }

  /** Sends a message of which the device gets no content, such as one to be viewed once: `<unavailable>` in its place. */
  sendUnavailable(device: Device, type: string | undefined, options: SendOptions = {}): string {
    const id = options.id ?? makeMessageId();
    const attributes = {
      ...this.ownForms(options),
      id,
      t: seconds(options.at),
      type: 'text',
      notify: this.pushName,
    };
    const content = type === undefined ? [] : [node('unavailable', { type })];
    device.deliver(node('message', { ...attributes, ...options.attributes }, content));
    return id;
  }

  /** Tells a device what became of messages that it sent, as seen by this person. */
  sendReceipt(device: Device, ids: readonly string[], options: ReceiptOptions = {}): void {
    const { type, at, group, address = 'pn' } = options;
    const own = address === 'lid' ? this.lidJid : this.jid;
    const [first, ...further] = ids;
    const forms = group ? { from: group.jid, participant: own } : { from: own };
    const list = node(
      'list',
      {},
      further.map((id) => node('item', { id })),
    );
    device.deliver(
      node('receipt', { ...forms, id: first, type, t: seconds(at) }, further.length > 0 ? [list] : undefined),
    );
  }

  /** Rings on a device. */
  call(device: Device, options: CallOptions = {}): Call {
    return new Call(device, this, options);
  }

  /** Encrypts and delivers; `forms` are the attributes that say who writes where. */
  protected async post(
    device: Device,
    message: proto.IMessage,
    forms: Readonly<Record<string, string | undefined>>,
    options: SendOptions,
    further: readonly BinaryNode[] = [],
  ): Promise<Sent> {
    const id = options.id ?? makeMessageId();
    const attributes = {
      ...forms,
      id,
      t: seconds(options.at),
      type: stanzaType(message),
      notify: this.pushName,
      ...options.attributes,
    };
    const sent = this.remember({ id, to: device, message, attributes });
    const encrypted = await this.encrypt(device, message);
    const enc = encNode(options.undecryptable ? spoil(encrypted) : encrypted);
    device.deliver(node('message', attributes, [enc, ...further]));
    return sent;
  }

  /** Keeps a message for the case that it has to be sent again. */
  remember(sent: Sent): Sent {
    this.sent.set(sent.id, sent);
    return sent;
  }

  sentMessage(id: string): Sent | undefined {
    return this.sent.get(id);
  }

  /** Sends a message again that the device could not decrypt, over a new session. */
  async sendAgain(id: string, device: Device, count: string, bundle: KeyBundle | undefined): Promise<void> {
    const sent = this.sent.get(id);
    if (sent === undefined || !this.answersRetries) return;
    await this.signal.open(device.jid, bundle ?? device.takeBundle());
    const encrypted = await this.encrypt(device, sent.message);
    device.deliver(node('message', sent.attributes, [encNode(encrypted, { count })]));
  }

  async encrypt(device: Device, message: proto.IMessage): Promise<Ciphertext> {
    if (!(await this.signal.hasSession(device.jid))) await this.signal.open(device.jid, device.takeBundle());
    return this.signal.encrypt(device.jid, encodeWAMessage(message));
  }

  /** Decrypts what a device sent to this person and keeps it. */
  async receive(device: Device, enc: BinaryNode): Promise<proto.IMessage> {
    const type = enc.attrs.type === 'pkmsg' ? 'pkmsg' : 'msg';
    const plain = await this.signal.decrypt(device.jid, { type, bytes: bytesOf(enc) });
    return proto.Message.decode(unpadRandomMax16(plain));
  }

  /** The attributes of one who writes to the owner of a device. */
  protected ownForms({ address = 'pn', withoutMapping = false }: SendOptions) {
    const lid = address === 'lid';
    return {
      from: lid ? this.lidJid : this.jid,
      addressing_mode: address,
      ...(withoutMapping ? {} : lid ? { sender_pn: this.jid } : { sender_lid: this.lidJid }),
    };
  }
}

export function encNode(
  { type, bytes }: { type: string; bytes: Uint8Array },
  further: Readonly<Record<string, string>> = {},
): BinaryNode {
  return node('enc', { v: '2', type, ...further }, bytes);
}

function spoil({ type, bytes }: Ciphertext): Ciphertext {
  const spoiled = Buffer.from(bytes);
  // Within the authentication code or just before it, in both kinds of ciphertext.
  const place = spoiled.length - 9;
  spoiled[place] = (spoiled[place] ?? 0) ^ 0xff;
  return { type, bytes: spoiled };
}

const mediaKinds = [
  ...([
    'imageMessage',
    'videoMessage',
    'audioMessage',
    'documentMessage',
    'stickerMessage',
    'ptvMessage',
  ] as const),
  ...(['locationMessage', 'liveLocationMessage', 'contactMessage', 'contactsArrayMessage'] as const),
];

/** The attribute `type` that WhatsApp gives to the stanza of such a message. */
export function stanzaType(message: proto.IMessage): string {
  if (message.reactionMessage || message.encReactionMessage) return 'reaction';
  if (message.pollCreationMessage || message.pollCreationMessageV3 || message.pollUpdateMessage)
    return 'poll';
  return mediaKinds.some((kind) => message[kind]) ? 'media' : 'text';
}
