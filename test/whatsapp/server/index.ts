import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { proto } from '@whiskeysockets/baileys';
import { type WebSocket, WebSocketServer } from 'ws';
import { Connection } from './connection.js';
import type { Device } from './device.js';
import { Group, type GroupOptions } from './group.js';
import { MediaHost } from './media-host.js';
import { type BinaryNode, childOf, node, parseJid, serverJid } from './nodes.js';
import { makeExchangeKeyPair } from './noise.js';
import { isSignedByClient, readQr, sealDeviceIdentity, signDeviceIdentity } from './pairing.js';
import { CodePairing } from './pairing-code.js';
import { Peer, type PeerOptions } from './peer.js';
import { Phone } from './phone.js';
import { Seen } from './seen.js';
import { Session } from './session.js';

export type { Call } from './calls.js';
export type { Device } from './device.js';
export type { Group } from './group.js';
export type { MediaFields, MediaKind } from './media.js';
export { type BinaryNode, childOf, children, node } from './nodes.js';
export type { Peer, ReceiptOptions, ReceivedMessage, SendOptions, Sent } from './peer.js';
export type { Phone } from './phone.js';
export type { Seen, SeenAck, SeenNode, SeenReceipt } from './seen.js';

export interface ServerOptions {
  /** The phone that links devices unless another is named. */
  readonly phone?: PeerOptions;
}

const defaultPhone = { phone: '+14155550100', pushName: 'Alex Archer' };

/** WhatsApp as far as a linked device needs it, on the loopback interface. See README.md for what it cannot judge. */
export class WhatsAppServer {
  readonly seen = new Seen();
  /** What the server found wrong with a client, or what went wrong within the server. Empty when all is well. */
  readonly faults: unknown[] = [];
  readonly phone: Phone;
  /** Keeps connections open and answers nothing. */
  silent = false;
  /** Refuses every login and registration with this reason, such as `503`. */
  refusesLogins: string | undefined;
  /** Refuses every message of a client with this error, such as `463`. */
  refusesMessages: string | undefined;
  acknowledgesMessages = true;
  private readonly staticKey = makeExchangeKeyPair();
  readonly people: Peer[] = [];
  readonly groups: Group[] = [];
  private readonly sessions = new Set<Session>();

  private constructor(
    private readonly web: Server,
    private readonly socketServer: WebSocketServer,
    readonly media: MediaHost,
    options: ServerOptions,
  ) {
    this.phone = this.addPhone(options.phone ?? defaultPhone);
    socketServer.on('connection', (socket) => this.accept(socket));
  }

  static async start(options: ServerOptions = {}): Promise<WhatsAppServer> {
    const media = await MediaHost.start();
    // A file that is named by its path alone is asked for where the socket is.
    const web = createServer((request, response) => void media.respond(request, response));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    return new WhatsAppServer(web, new WebSocketServer({ server: web }), media, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.socketServer.clients) client.terminate();
    await new Promise((resolve) => this.socketServer.close(resolve));
    this.web.closeAllConnections();
    await new Promise((resolve) => this.web.close(resolve));
    await this.media.close();
  }

  /** For the setting that names WhatsApp's socket. */
  get socketUrl(): string {
    return `ws://127.0.0.1:${(this.web.address() as AddressInfo).port}/ws/chat`;
  }

  /** Somebody to write with. */
  peer(options: PeerOptions): Peer {
    const peer = new Peer(options);
    this.people.push(peer);
    return peer;
  }

  /** A further phone that can link devices, for tests with several accounts. */
  addPhone(options: PeerOptions): Phone {
    const phone = new Phone(options);
    this.people.push(phone);
    return phone;
  }

  group(options: GroupOptions): Group {
    const group = new Group(options);
    this.groups.push(group);
    return group;
  }

  /**
   * Links the client that shows this QR code, as the phone does that scans it.
   *
   * @throws when no client shows it, or the client does not sign the identity that it is given
   */
  async scan(qr: string, phone: Phone = this.phone): Promise<Device> {
    const { ref, identityKey, secret } = readQr(qr);
    const session = [...this.sessions].find(({ refs }) => refs.includes(ref));
    const registration = session?.registration;
    if (!session || !registration?.identityKey.equals(identityKey)) throw new Error('No client shows this.');
    return this.link(session, phone, secret);
  }

  /** Unlinks a device: 401 now, and at each login. */
  logOut(device: Device): void {
    device.removed = true;
    device.end(node('stream:error', { code: '401' }, [node('conflict', { type: 'device_removed' })]));
  }

  /** Bans the account: 403 now, and at each login. */
  ban(phone: Phone = this.phone): void {
    phone.banned = true;
    for (const device of phone.devices) device.end(node('stream:error', { code: '403' }));
  }

  /** Ends the session as when another one takes it over (440). */
  replace(device: Device): void {
    device.end(node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
  }

  /** Ends the connection with a code: 408, 500, 503, 515 by a stream error, 428 by cutting it. */
  close(device: Device, code: 408 | 428 | 500 | 503 | 515): void {
    device.end(code === 428 ? undefined : node('stream:error', { code: String(code) }));
  }

  /** Sends a node as it is. */
  sendRaw(device: Device, stanza: BinaryNode): void {
    device.tell(stanza);
  }

  personAt(jid: string): Peer | undefined {
    return this.people.find((person) => person.isAt(jid));
  }

  groupAt(jid: string): Group | undefined {
    return this.groups.find((group) => group.jid === jid);
  }

  /** The phone with these digits. */
  phoneOf(digits: string): Phone | undefined {
    const found = this.personAt(`${digits}@${serverJid}`);
    return found instanceof Phone ? found : undefined;
  }

  /** The linked device of that JID; undefined for a phone itself. */
  deviceAt(jid: string): Device | undefined {
    const person = this.personAt(jid);
    return person instanceof Phone ? person.deviceOf(parseJid(jid).device) : undefined;
  }

  /**
   * Links the client that asked for a code, as the phone does on which the code is typed.
   *
   * @throws when no client has asked to be linked to this phone, or the code is wrong
   */
  async enterCode(code: string, phone: Phone = this.phone): Promise<Device> {
    const session = [...this.sessions].find(({ codePairing }) => codePairing?.jid === phone.jid);
    const pairing = session?.codePairing;
    if (!session || !pairing) throw new Error('No client asks to be linked to this phone.');
    session.connection.send(pairing.greet(code, phone.accountKey));
    return this.link(session, phone, pairing.finish(await session.codeFinish, phone.accountKey));
  }

  /** Answers a client that is not linked yet. */
  answerUnlinked(query: BinaryNode, session: Session): BinaryNode {
    const request = childOf(query, 'link_code_companion_reg');
    const attributes = { id: query.attrs.id, from: serverJid, type: 'result' };
    if (request?.attrs.stage !== 'companion_hello') {
      if (request) session.takeCodeFinish(request);
      return node('iq', attributes);
    }
    session.codePairing = new CodePairing(request);
    const ref = node('link_code_pairing_ref', {}, session.codePairing.ref);
    return node('iq', attributes, [node('link_code_companion_reg', { stage: 'companion_hello' }, [ref])]);
  }

  async sendFirstHistory(device: Device): Promise<void> {
    const { INITIAL_BOOTSTRAP } = proto.HistorySync.HistorySyncType;
    await device.phone.sendHistory(device, { syncType: INITIAL_BOOTSTRAP, conversations: [] });
  }

  private async link(session: Session, phone: Phone, secret: Buffer): Promise<Device> {
    const { registration } = session;
    if (registration === undefined) throw new Error('This client does not ask to be linked.');
    const device = phone.link(registration);
    const identity = signDeviceIdentity(phone.accountKey, registration, device.id);
    const answer = await session.query(
      node('pair-success', {}, [
        node('device-identity', {}, sealDeviceIdentity(identity, secret)),
        node('platform', { name: 'android' }),
        node('device', { jid: device.jid, lid: device.lidJid }),
      ]),
    );
    if (!isSignedByClient(answer, identity, registration.identityKey)) {
      device.removed = true;
      throw new Error('The client did not sign its identity.');
    }
    session.restart();
    return device;
  }

  private accept(socket: WebSocket): void {
    const connection = new Connection(socket, this.staticKey);
    const session = new Session(connection, this);
    this.sessions.add(session);
    connection.listen({
      onHello: (hello) => session.hello(hello),
      onNode: (received) => session.take(received),
      onClose: () => {
        session.closed();
        this.sessions.delete(session);
      },
      onFault: (fault) => this.faults.push(fault),
    });
  }
}
