import { randomBytes } from 'node:crypto';
import type { Device } from './device.js';
import type { Group } from './group.js';
import { type BinaryNode, node, seconds } from './nodes.js';
import type { Peer } from './peer.js';

export interface CallOptions {
  readonly id?: string;
  readonly at?: Date;
  readonly video?: boolean;
  /** A call to a group rather than to the owner of the device. */
  readonly group?: Group;
  readonly address?: 'pn' | 'lid';
}

/** A call that rings on a linked device. What becomes of it comes in further stanzas. */
export class Call {
  readonly id: string;
  private readonly creator: string;

  constructor(
    private readonly device: Device,
    private readonly from: Peer,
    private readonly options: CallOptions = {},
  ) {
    this.id = options.id ?? randomBytes(16).toString('hex').toUpperCase();
    this.creator = options.address === 'lid' ? from.lidJid : from.jid;
    const media = [node('audio', { enc: 'opus', rate: '16000' })];
    if (options.video) media.push(node('video', { enc: 'vp8' }));
    const { group } = options;
    const forGroup = group ? { type: 'group', 'group-jid': group.jid } : {};
    this.tell(node('offer', { ...this.attributes, caller_pn: from.jid, ...forGroup }, media), options.at);
  }

  /** The phone of the account has taken the call. */
  accept(at?: Date): void {
    this.tell(node('accept', this.attributes), at);
  }

  reject(at?: Date): void {
    this.tell(node('reject', this.attributes), at);
  }

  /** Nobody has taken it. */
  timeOut(at?: Date): void {
    this.terminate('timeout', at);
  }

  /** One side has hung up; `accepted_elsewhere` and others are reasons of the real server. */
  terminate(reason?: string, at?: Date): void {
    this.tell(node('terminate', { ...this.attributes, reason }), at);
  }

  private get attributes() {
    return { 'call-id': this.id, 'call-creator': this.creator };
  }

  private tell(content: BinaryNode, at: Date | undefined): void {
    const id = randomBytes(8).toString('hex').toUpperCase();
    const from = this.options.group?.jid ?? this.creator;
    const attributes = { from, id, t: seconds(at ?? this.options.at), notify: this.from.pushName };
    this.device.deliver(node('call', attributes, [content]));
  }
}
