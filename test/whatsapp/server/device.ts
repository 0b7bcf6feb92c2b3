import type { Connection } from './connection.js';
import { type BinaryNode, node, parseJid, serverJid } from './nodes.js';
import type { Phone } from './phone.js';
import { receiptIds } from './seen.js';
import type { KeyBundle } from './signal.js';

interface Pending {
  readonly stanza: BinaryNode;
  /** Handed to the connection that is open now. */
  sent: boolean;
}

/** The public keys of a device, as it gives them at registration and refreshes them later. */
export interface DeviceKeys {
  readonly noiseKey: Buffer;
  readonly identityKey: Buffer;
  readonly registrationId: number;
  signedPreKey: KeyBundle['signedPreKey'];
}

/** A linked device: the keys it uploaded, and what waits for it until it acknowledges. */
export class Device {
  readonly jid: string;
  readonly lidJid: string;
  /** One-time keys, by their ids; each is given out once. */
  readonly preKeys = new Map<number, Buffer>();
  /** Unlinked by the phone: the next login is refused with 401. */
  removed = false;
  /** Has had its first login after the linking. */
  greeted = false;
  private pending: Pending[] = [];
  private connection: Connection | undefined;
  private accepting = false;

  constructor(
    readonly phone: Phone,
    readonly id: number,
    readonly keys: DeviceKeys,
  ) {
    this.jid = `${parseJid(phone.jid).user}:${id}@${serverJid}`;
    this.lidJid = `${parseJid(phone.lidJid).user}:${id}@lid`;
  }

  /** The device is logged in now. */
  get isOnline(): boolean {
    return this.connection?.isOpen ?? false;
  }

  /** Stanzas that it has not acknowledged yet, oldest first. */
  get unacknowledged(): BinaryNode[] {
    return this.pending.map(({ stanza }) => stanza);
  }

  takeBundle(): KeyBundle {
    const { registrationId, identityKey, signedPreKey } = this.keys;
    const [first] = this.preKeys;
    if (first === undefined) return { registrationId, identityKey, signedPreKey };
    this.preKeys.delete(first[0]);
    return { registrationId, identityKey, signedPreKey, preKey: { id: first[0], key: first[1] } };
  }

  /** Sends a stanza, or keeps it until the device is there; repeats it at each login until it is acknowledged. */
  deliver(stanza: BinaryNode): void {
    const pending = { stanza, sent: false };
    this.pending.push(pending);
    if (this.accepting) this.pass(pending);
  }

  /** Sends what expects no acknowledgement; a device that is away never gets it. */
  tell(stanza: BinaryNode): void {
    this.connection?.send(stanza);
  }

  /** Takes over from the connection before, which the real server ends with a conflict. */
  attach(connection: Connection): void {
    const before = this.connection;
    this.connection = connection;
    this.accepting = false;
    if (before?.isOpen) {
      before.send(node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
      before.close();
    }
  }

  detach(connection: Connection): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    this.accepting = false;
  }

  /** Ends the session on the wire; without a node as a cut cable does. */
  end(last?: BinaryNode): void {
    const { connection } = this;
    if (connection === undefined) return;
    this.detach(connection);
    if (last === undefined) {
      connection.drop();
    } else {
      connection.send(last);
      connection.close();
    }
  }

  /** The client is ready: announce what waits, or say that nothing does. */
  announce(): void {
    for (const pending of this.pending) pending.sent = false;
    if (this.pending.length === 0) this.finishOffline(0);
    else this.tell(node('ib', {}, [node('offline_preview', { count: String(this.pending.length) })]));
  }

  /** The client asked for what waits. */
  passOffline(): void {
    const waiting = this.pending.filter(({ sent }) => !sent);
    for (const pending of waiting) this.pass(pending, { offline: '1' });
    this.finishOffline(waiting.length);
  }

  /** Forgets what a receipt or an acknowledgement of the device settles. */
  settle(received: BinaryNode): BinaryNode[] {
    const ids = received.tag === 'receipt' ? receiptIds(received) : [received.attrs.id ?? ''];
    const tag = received.tag === 'receipt' ? 'message' : received.attrs.class;
    const settled = ids.flatMap((id) => this.settleOne(tag, id, received.attrs.to) ?? []);
    return settled;
  }

  private settleOne(tag: string | undefined, id: string, to: string | undefined): BinaryNode | undefined {
    const candidates = this.pending.filter(({ stanza }) => stanza.tag === tag && stanza.attrs.id === id);
    const found = candidates.find(({ stanza }) => stanza.attrs.from === to) ?? candidates[0];
    this.pending = this.pending.filter((pending) => pending !== found);
    return found?.stanza;
  }

  private finishOffline(count: number): void {
    this.tell(node('ib', {}, [node('offline', { count: String(count) })]));
    this.accepting = true;
    for (const pending of this.pending.filter(({ sent }) => !sent)) this.pass(pending);
  }

  private pass(pending: Pending, extra: Record<string, string> = {}): void {
    pending.sent = true;
    const { stanza } = pending;
    this.tell({ ...stanza, attrs: { ...stanza.attrs, ...extra } });
  }
}
