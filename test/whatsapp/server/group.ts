import { encodeWAMessage, type proto } from '@whiskeysockets/baileys';
import type { Device } from './device.js';
import { type BinaryNode, node, parseJid, seconds } from './nodes.js';
import { encNode, makeMessageId, type Peer, type SendOptions, type Sent, stanzaType } from './peer.js';

export interface GroupOptions {
  /** Digits; made up if absent. */
  readonly id?: string;
  readonly subject: string;
  /** The first is the owner. The phone of the account has to be one of them to get anything. */
  readonly members: readonly Peer[];
}

let groups = 0;

/** A group chat: its members, and the changes that its devices are told of. */
export class Group {
  readonly jid: string;
  subject: string;
  readonly members: Peer[];
  readonly admins: Set<Peer>;
  private readonly createdAt = new Date();
  /** To whom a member has given its sender key, under which of its forms. */
  private readonly keyed = new Set<string>();

  constructor({ id, subject, members }: GroupOptions) {
    this.jid = `${id ?? `1203630${String(Date.now()).slice(-8)}${groups++}`}@g.us`;
    this.subject = subject;
    this.members = [...members];
    this.admins = new Set(members.slice(0, 1));
  }

  /** Sends a message into the group; with the first one to a device the sender's key goes along. */
  async send(device: Device, from: Peer, message: proto.IMessage, options: SendOptions = {}): Promise<Sent> {
    const lid = options.address === 'lid';
    const participant = lid ? from.lidJid : from.jid;
    const { bytes, distribution } = await from.signal.encryptForGroup(
      this.jid,
      from.jid,
      encodeWAMessage(message),
    );
    const encs = [encNode({ type: 'skmsg', bytes: options.undecryptable ? spoil(bytes) : bytes })];
    const key = `${device.jid} ${participant}`;
    if (!this.keyed.has(key)) {
      this.keyed.add(key);
      const share = { groupId: this.jid, axolotlSenderKeyDistributionMessage: distribution };
      encs.unshift(encNode(await from.encrypt(device, { senderKeyDistributionMessage: share })));
    }
    const attributes = {
      ...this.forms(from, options),
      id: options.id ?? makeMessageId(),
      t: seconds(options.at),
      type: stanzaType(message),
      notify: from.pushName,
      ...options.attributes,
    };
    device.deliver(node('message', attributes, encs));
    return from.remember({ id: attributes.id, to: device, message, attributes });
  }

  /** Tells a device of a change, as a `w:gp2` notification by one of the members. */
  notify(device: Device, by: Peer, change: BinaryNode, options: SendOptions = {}): string {
    const id = options.id ?? makeMessageId();
    const attributes = { ...this.forms(by, options), type: 'w:gp2', id, t: seconds(options.at) };
    device.deliver(
      node('notification', { ...attributes, notify: by.pushName, ...options.attributes }, [change]),
    );
    return id;
  }

  add(device: Device, by: Peer, added: readonly Peer[], options: SendOptions = {}): string {
    this.members.push(...added.filter((member) => !this.members.includes(member)));
    return this.notify(device, by, node('add', {}, participants(added, options)), options);
  }

  /** Takes members out; somebody who takes out themself has left. */
  remove(device: Device, by: Peer, removed: readonly Peer[], options: SendOptions = {}): string {
    for (const member of removed) {
      if (this.members.includes(member)) this.members.splice(this.members.indexOf(member), 1);
    }
    return this.notify(device, by, node('remove', {}, participants(removed, options)), options);
  }

  promote(device: Device, by: Peer, promoted: readonly Peer[], options: SendOptions = {}): string {
    for (const member of promoted) this.admins.add(member);
    return this.notify(device, by, node('promote', {}, participants(promoted, options)), options);
  }

  demote(device: Device, by: Peer, demoted: readonly Peer[], options: SendOptions = {}): string {
    for (const member of demoted) this.admins.delete(member);
    return this.notify(device, by, node('demote', {}, participants(demoted, options)), options);
  }

  rename(device: Device, by: Peer, subject: string, options: SendOptions = {}): string {
    this.subject = subject;
    const attributes = { subject, s_o: by.jid, s_t: seconds(options.at) };
    return this.notify(device, by, node('subject', attributes), options);
  }

  /** What a query for the group is answered with. */
  get metadata(): BinaryNode {
    const owner = this.members[0];
    const attributes = {
      id: parseJid(this.jid).user,
      subject: this.subject,
      s_o: owner?.jid,
      s_t: seconds(this.createdAt),
      creation: seconds(this.createdAt),
      creator: owner?.jid,
      addressing_mode: 'pn',
      size: String(this.members.length),
    };
    const members = this.members.map((member) => {
      const type = this.admins.has(member) ? 'admin' : undefined;
      return node('participant', { jid: member.jid, lid: member.lidJid, type });
    });
    return node('group', attributes, members);
  }

  private forms(from: Peer, { address = 'pn', withoutMapping = false }: SendOptions) {
    const lid = address === 'lid';
    return {
      from: this.jid,
      participant: lid ? from.lidJid : from.jid,
      addressing_mode: address,
      ...(withoutMapping ? {} : lid ? { participant_pn: from.jid } : { participant_lid: from.lidJid }),
    };
  }
}

function participants(members: readonly Peer[], { address = 'pn' }: SendOptions): BinaryNode[] {
  return members.map(({ jid, lidJid }) =>
    address === 'lid'
      ? node('participant', { jid: lidJid, phone_number: jid })
      : node('participant', { jid, lid: lidJid }),
  );
}

/** By the version, since the library lets any signature pass. */
function spoil(bytes: Uint8Array): Buffer {
  const spoiled = Buffer.from(bytes);
  spoiled[0] = 0xff;
  return spoiled;
}
