import {
  type BaileysEventMap,
  type BinaryNode,
  initAuthCreds,
  makeWASocket,
  type SignalDataTypeMap,
  type SignalKeyStore,
  type UserFacingSocketConfig,
  type WAMessage,
} from '@whiskeysockets/baileys';
import { vi } from 'vitest';
import { until } from '../support/until.js';
import type { Device, Phone, WhatsAppServer } from './server/index.js';
import { quiet } from './server/quiet.js';

/** libsignal writes whole sessions to the console, private keys and all. */
export function silenceLibsignal(): void {
  for (const method of ['info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation(() => undefined);
  }
}

type Update = BaileysEventMap['connection.update'];

/** The library as it comes, with its authentication state in memory: what the server is tried with. */
export class PlainClient {
  readonly credentials = initAuthCreds();
  readonly updates: Update[] = [];
  readonly messages: { readonly type: string; readonly message: WAMessage }[] = [];
  readonly events: { readonly name: string; readonly value: unknown }[] = [];
  socket: ReturnType<typeof makeWASocket> | undefined;
  /** Stanzas as they came in. */
  readonly frames: BinaryNode[] = [];
  private keys = memoryKeys();

  constructor(
    private readonly server: WhatsAppServer,
    private readonly config: Partial<UserFacingSocketConfig> = {},
  ) {}

  connect(): ReturnType<typeof makeWASocket> {
    this.updates.length = 0;
    const socket = makeWASocket({
      waWebSocketUrl: this.server.socketUrl,
      auth: { creds: this.credentials, keys: this.keys },
      logger: quiet,
      markOnlineOnConnect: false,
      retryRequestDelayMs: 1,
      ...this.config,
    });
    this.socket = socket;
    socket.ws.on('frame', (frame: BinaryNode | Uint8Array) => {
      if (!(frame instanceof Uint8Array)) this.frames.push(frame);
    });
    socket.ev.on('creds.update', (update) => Object.assign(this.credentials, update));
    socket.ev.on('connection.update', (update) => this.updates.push(update));
    socket.ev.on('messages.upsert', ({ messages, type }) => {
      for (const message of messages) this.messages.push({ type, message });
    });
    for (const name of [
      'call',
      'messages.update',
      'message-receipt.update',
      'messaging-history.set',
    ] as const) {
      socket.ev.on(name, (value) => this.events.push({ name, value }));
    }
    return socket;
  }

  /** Links by QR code and connects again, as the server asks. */
  async link(phone?: Phone): Promise<Device> {
    this.connect();
    const device = await this.server.scan(await this.qr(), phone);
    await this.closed();
    await this.open();
    // Until its first synchronisation is over, the library holds events back.
    await until(() => this.credentials.accountSyncCounter > 0);
    return device;
  }

  /** A second client with the same credentials. */
  copy(): PlainClient {
    const copy = new PlainClient(this.server, this.config);
    Object.assign(copy.credentials, this.credentials);
    copy.keys = this.keys;
    return copy;
  }

  /** The values of an event, in the order of their coming. */
  named(event: string): unknown[] {
    return this.events.filter(({ name }) => name === event).map(({ value }) => value);
  }

  async open(): Promise<void> {
    this.connect();
    await until(() => this.updates.some(({ connection }) => connection === 'open'));
    await until(() => this.updates.some(({ receivedPendingNotifications }) => receivedPendingNotifications));
  }

  async qr(): Promise<string> {
    await until(() => this.updates.some(({ qr }) => qr !== undefined));
    return this.updates.findLast(({ qr }) => qr !== undefined)?.qr ?? '';
  }

  /** Resolves with the status code with which the connection ended. */
  async closed(): Promise<number | undefined> {
    await until(() => this.updates.some(({ connection }) => connection === 'close'));
    const error = this.updates.findLast(({ connection }) => connection === 'close')?.lastDisconnect?.error;
    return (error as { output?: { statusCode: number } } | undefined)?.output?.statusCode;
  }

  /** The messages with content, as text. */
  get texts(): (string | null | undefined)[] {
    return this.messages.flatMap(({ message }) => message.message?.conversation ?? []);
  }

  async end(): Promise<void> {
    await this.socket?.end(undefined);
  }
}

function memoryKeys(): SignalKeyStore {
  const kept = new Map<string, unknown>();
  return {
    get: <T extends keyof SignalDataTypeMap>(type: T, ids: string[]) => {
      const found: Record<string, SignalDataTypeMap[T]> = {};
      for (const id of ids) {
        const value = kept.get(`${type} ${id}`);
        if (value !== undefined) found[id] = value as SignalDataTypeMap[T];
      }
      return found;
    },
    set: (data) => {
      for (const [type, entries] of Object.entries(data)) {
        for (const [id, value] of Object.entries(entries)) {
          if (value === null) kept.delete(`${type} ${id}`);
          else kept.set(`${type} ${id}`, value);
        }
      }
    },
  };
}
