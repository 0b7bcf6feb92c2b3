import { randomBytes } from 'node:crypto';
import { answer, refusal } from './answers.js';
import type { Connection, Hello } from './connection.js';
import type { Device, DeviceKeys } from './device.js';
import type { WhatsAppServer } from './index.js';
import { registeredKeys } from './keys.js';
import { takeMessage } from './messages.js';
import { type BinaryNode, childOf, children, node, seconds, serverJid } from './nodes.js';
import type { CodePairing } from './pairing-code.js';
import { takeReceipt } from './receipts.js';

/** One connection after its handshake: waiting to be linked, or logged in. */
export class Session {
  device: Device | undefined;
  /** Of a client that wants to be linked. */
  registration: DeviceKeys | undefined;
  readonly refs: readonly string[] = Array.from(
    { length: 6 },
    () => `2@${randomBytes(24).toString('base64')}`,
  );
  /** Of a client that asked to be linked by a code. */
  codePairing: CodePairing | undefined;
  /** Comes when the client has seen that the code was typed. */
  readonly codeFinish: Promise<BinaryNode>;
  takeCodeFinish: (request: BinaryNode) => void = () => undefined;
  private readonly waiting = new Map<string, (result: BinaryNode) => void>();

  constructor(
    readonly connection: Connection,
    private readonly server: WhatsAppServer,
  ) {
    this.codeFinish = new Promise((resolve) => {
      this.takeCodeFinish = resolve;
    });
  }

  hello(hello: Hello): void {
    if (this.server.refusesLogins) {
      this.fail(this.server.refusesLogins);
      return;
    }
    if (hello.payload.devicePairingData) {
      this.registration = registeredKeys(hello);
      this.offerPairing();
      return;
    }
    const phone = this.server.phoneOf(String(hello.payload.username ?? ''));
    const device = phone?.deviceOf(hello.payload.device);
    const known = device?.keys.noiseKey.equals(hello.noiseKey) ? device : undefined;
    const refused = refusal(phone, known);
    if (refused !== undefined || known === undefined) {
      this.connection.send(refused ?? node('failure', { reason: '401' }));
      this.connection.close();
      return;
    }
    this.device = known;
    known.attach(this.connection);
    this.connection.send(node('success', { t: seconds(), lid: known.lidJid, location: 'test' }));
  }

  async take(received: BinaryNode): Promise<void> {
    this.server.seen.add(this.device, received);
    if (this.server.silent) return;
    if (received.tag === 'iq') return this.takeQuery(received);
    if (this.device === undefined) return;
    if (received.tag === 'message') await takeMessage(received, this.device, this.server);
    else if (received.tag === 'receipt') await takeReceipt(received, this.device, this.server);
    else if (received.tag === 'ack') this.device.settle(received);
    else if (received.tag === 'ib' && childOf(received, 'offline_batch')) this.device.passOffline();
  }

  /** Sends a query of the server's own; resolves with the client's result. */
  query(content: BinaryNode, attributes: Record<string, string> = {}): Promise<BinaryNode> {
    const id = `server-${randomBytes(4).toString('hex')}`;
    this.connection.send(node('iq', { from: serverJid, type: 'set', id, ...attributes }, [content]));
    return new Promise((resolve) => this.waiting.set(id, resolve));
  }

  /** Tells the client to connect anew, which is what follows a pairing. */
  restart(): void {
    this.connection.send(node('stream:error', { code: '515' }));
    this.connection.close();
  }

  closed(): void {
    this.device?.detach(this.connection);
  }

  private fail(reason: string): void {
    this.connection.send(node('failure', { reason, location: 'test' }));
    this.connection.close();
  }

  private offerPairing(): void {
    const refs = this.refs.map((ref) => node('ref', {}, Buffer.from(ref)));
    void this.query(node('pair-device', {}, refs), { xmlns: 'md' });
  }

  private async takeQuery(received: BinaryNode): Promise<void> {
    const { id = '', type } = received.attrs;
    if (type === 'result' || type === 'error') {
      this.waiting.get(id)?.(received);
      this.waiting.delete(id);
      return;
    }
    if (this.device === undefined) {
      this.connection.send(await this.server.answerUnlinked(received, this));
      return;
    }
    if (childOf(received, 'remove-companion-device')) {
      this.device.removed = true;
      return;
    }
    this.connection.send(await answer(received, this.device, this.server));
    if (received.attrs.xmlns === 'passive' && children(received)[0]?.tag === 'active') {
      this.device.announce();
      await this.greet(this.device);
    }
  }

  /** At the first login the phone sends the history, without which the library holds its events back. */
  private async greet(device: Device): Promise<void> {
    if (device.greeted) return;
    device.greeted = true;
    await this.server.sendFirstHistory(device);
  }
}
