import { decodeBinaryNode, encodeBinaryNode, proto } from '@whiskeysockets/baileys';
import type { WebSocket } from 'ws';
import { makeCertificateChain } from './certificate.js';
import { FrameReader, frame } from './frames.js';
import type { BinaryNode } from './nodes.js';
import { type ExchangeKeyPair, NoiseResponder, type Transport } from './noise.js';

/** What a client says of itself in its ClientFinish. */
export interface Hello {
  /** Public key of the Noise handshake that belongs to the session for good, 32 bytes. */
  readonly noiseKey: Buffer;
  readonly payload: proto.ClientPayload;
}

export interface ConnectionEvents {
  onHello(hello: Hello): void | Promise<void>;
  onNode(received: BinaryNode): void | Promise<void>;
  onClose(): void;
  /** The client did what no client does, or the server has a fault. The connection is closed after it. */
  onFault(fault: unknown): void;
}

/** One WebSocket: handshake, then nodes in both directions, each handled before the next. */
export class Connection {
  private readonly reader = new FrameReader();
  private readonly noise: NoiseResponder;
  private transport: Transport | undefined;
  private work: Promise<void> = Promise.resolve();
  private events: ConnectionEvents | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly staticKey: ExchangeKeyPair,
  ) {
    this.noise = new NoiseResponder(staticKey);
  }

  listen(events: ConnectionEvents): void {
    this.events = events;
    this.socket.on('message', (data: Buffer) => this.enqueue(() => this.takeBytes(data, events)));
    this.socket.on('close', () => events.onClose());
    this.socket.on('error', (error) => events.onFault(error));
  }

  get isOpen(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Sends a node; to a closed connection nothing. */
  send(sent: BinaryNode): void {
    if (!this.isOpen || this.transport === undefined) return;
    this.socket.send(frame(this.transport.encrypt(encodeBinaryNode(sent))));
  }

  /** Ends the connection; what has been sent before still arrives. */
  close(): void {
    this.socket.close();
  }

  /** Ends the connection as a cut cable does. */
  drop(): void {
    this.socket.terminate();
  }

  private enqueue(step: () => Promise<void>): void {
    this.work = this.work.then(step).catch((fault: unknown) => {
      this.events?.onFault(fault);
      this.drop();
    });
  }

  private async takeBytes(data: Buffer, events: ConnectionEvents): Promise<void> {
    for (const bytes of this.reader.push(data)) {
      if (this.transport !== undefined) {
        await events.onNode(await decodeBinaryNode(this.transport.decrypt(bytes)));
      } else {
        await this.shakeHands(proto.HandshakeMessage.decode(bytes), events);
      }
    }
  }

  private async shakeHands(message: proto.HandshakeMessage, events: ConnectionEvents): Promise<void> {
    const { clientHello, clientFinish } = message;
    if (clientHello?.ephemeral) {
      const certificate = makeCertificateChain(this.staticKey.publicBytes);
      const serverHello = this.noise.hello(clientHello.ephemeral, certificate);
      this.socket.send(frame(proto.HandshakeMessage.encode({ serverHello }).finish()));
      return;
    }
    if (!clientFinish?.static || !clientFinish.payload)
      throw new Error('An unexpected step of the handshake.');
    const done = this.noise.finish(clientFinish.static, clientFinish.payload);
    this.transport = done.transport;
    await events.onHello({ noiseKey: done.clientStatic, payload: proto.ClientPayload.decode(done.payload) });
  }
}
