import type { Device } from './device.js';
import { type BinaryNode, children } from './nodes.js';

/** One node that a client sent. */
export interface SeenNode {
  /** Rises by one with each node, over all connections. */
  readonly order: number;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** Whose connection it came over; undefined before it is linked. */
  readonly device: Device | undefined;
  readonly node: BinaryNode;
}

/** A receipt that a client sent for messages that it got. */
export interface SeenReceipt {
  readonly order: number;
  readonly at: number;
  readonly device: Device | undefined;
  readonly ids: readonly string[];
  /** `delivery` where the stanza names no type; else `inactive`, `sender`, `read`, `retry`, `peer_msg`, `hist_sync`, … */
  readonly type: string;
  readonly to: string | undefined;
  readonly participant: string | undefined;
}

/** An acknowledgement of a stanza; with an `error` it is a refusal. */
export interface SeenAck {
  readonly order: number;
  readonly at: number;
  readonly device: Device | undefined;
  readonly id: string;
  /** `message`, `receipt`, `notification` or `call`. */
  readonly class: string;
  readonly error: string | undefined;
}

/** All that clients have sent, in the order of arrival. */
export class Seen {
  readonly nodes: SeenNode[] = [];
  private readonly watchers: ((seen: SeenNode) => void)[] = [];

  add(device: Device | undefined, node: BinaryNode): void {
    const seen = { order: this.nodes.length, at: Date.now(), device, node };
    this.nodes.push(seen);
    for (const watcher of this.watchers) watcher(seen);
  }

  /** Calls back at each node from now on, before the server answers it. */
  watch(watcher: (seen: SeenNode) => void): void {
    this.watchers.push(watcher);
  }

  tagged(tag: string): SeenNode[] {
    return this.nodes.filter(({ node }) => node.tag === tag);
  }

  get receipts(): SeenReceipt[] {
    return this.tagged('receipt').map(({ order, at, device, node }) => ({
      ...{ order, at, device },
      ids: receiptIds(node),
      type: node.attrs.type ?? 'delivery',
      to: node.attrs.to,
      participant: node.attrs.participant,
    }));
  }

  get acks(): SeenAck[] {
    return this.tagged('ack').map(({ order, at, device, node }) => ({
      ...{ order, at, device },
      id: node.attrs.id ?? '',
      class: node.attrs.class ?? '',
      error: node.attrs.error,
    }));
  }

  /** Presence and chat states: what a passive client never sends. */
  get presences(): SeenNode[] {
    return this.nodes.filter(({ node }) => node.tag === 'presence' || node.tag === 'chatstate');
  }

  /** Queries, by their namespace: `encrypt`, `usync`, `w:m`, … */
  queries(namespace: string): SeenNode[] {
    return this.tagged('iq').filter(({ node }) => node.attrs.xmlns === namespace);
  }
}

/** A receipt names its first message in the attribute, further ones in a list. */
export function receiptIds(receipt: BinaryNode): string[] {
  const further = children(receipt, 'list').flatMap((list) => children(list, 'item'));
  return [receipt, ...further].flatMap(({ attrs }) => attrs.id ?? []);
}
