import { createCipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { proto } from '@whiskeysockets/baileys';
import type { Device } from './device.js';
import { encryptMedia, type MediaFields, type MediaKind } from './media.js';
import { type BinaryNode, childOf, node, seconds } from './nodes.js';
import { makeSelfSigned } from './self-signed.js';

interface Stored {
  readonly plain: Uint8Array;
  readonly kind: MediaKind;
  readonly mediaKey: Buffer;
  /** Changes when it is uploaded again. */
  path: string;
}

/** A request to the media host. */
export interface MediaRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Buffer;
}

/** Begins every TLS connection: a record of the handshake. */
const tlsHandshake = 0x16;

/**
 * Keeps encrypted files and hands them out on the loopback interface. One port speaks HTTP and HTTPS, since the library uploads
 * over HTTPS only.
 */
export class MediaHost {
  readonly requests: MediaRequest[] = [];
  /** The phone has deleted its copy: a request to upload again is answered with `not found`. */
  phoneHasMedia = true;
  /** How many uploads are answered 500 from now on. */
  failsUploads = 0;
  private readonly files = new Map<string, Buffer>();
  private readonly gone = new Map<string, number>();
  private readonly elsewhere = new Map<string, string>();
  private readonly stored: Stored[] = [];

  private readonly sockets = new Set<Socket>();
  private readonly selfSigned = makeSelfSigned();
  private readonly server: Server;

  private constructor() {
    const respond = (request: IncomingMessage, response: ServerResponse) =>
      void this.respond(request, response);
    const plain = createHttpServer(respond);
    const secure = createHttpsServer(
      { key: this.selfSigned.key, cert: this.selfSigned.certificate },
      respond,
    );
    this.server = createServer((socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
      socket.once('data', (first) => {
        socket.pause();
        socket.unshift(first);
        (first[0] === tlsHandshake ? secure : plain).emit('connection', socket);
        process.nextTick(() => socket.resume());
      });
    });
  }

  static async start(): Promise<MediaHost> {
    const host = new MediaHost();
    await new Promise<void>((resolve) => host.server.listen(0, '127.0.0.1', resolve));
    return host;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** PEM, for a client that is to trust the host: `NODE_EXTRA_CA_CERTS`, or `ca` of an agent. */
  get certificate(): string {
    return this.selfSigned.certificate;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Encrypts a file and keeps it for download. */
  put(plain: Uint8Array, kind: MediaKind): MediaFields {
    const { bytes, ...fields } = encryptMedia(plain, kind);
    const path = this.keep(bytes);
    this.stored.push({ plain, kind, mediaKey: fields.mediaKey, path });
    return { ...fields, url: `${this.url}${path}`, directPath: path };
  }

  /** From now on the file is answered with this status, until it is uploaded again. */
  lose({ directPath }: Pick<MediaFields, 'directPath'>, status: 404 | 410 | 500 = 404): void {
    this.gone.set(directPath, status);
  }

  /** From now on the file is there again. */
  giveBack({ directPath }: Pick<MediaFields, 'directPath'>): void {
    this.gone.delete(directPath);
  }

  /** From now on whoever asks for the file is sent elsewhere. */
  redirect({ directPath }: Pick<MediaFields, 'directPath'>, location: string): void {
    this.elsewhere.set(directPath, location);
  }

  /** Spoils the file, so that its digest and its authentication code are wrong. */
  spoil({ directPath }: Pick<MediaFields, 'directPath'>): void {
    const file = this.files.get(directPath);
    if (file !== undefined) file[0] = (file[0] ?? 0) ^ 0xff;
  }

  connectionNode(): BinaryNode {
    const host = node('host', { hostname: new URL(this.url).host, maxContentLengthBytes: '100000000' });
    return node('media_conn', { auth: 'media-auth', ttl: '300', auth_ttl: '21600', max_buckets: '12' }, [
      host,
    ]);
  }

  /** Answers a request that the phone upload a file again: by a notification with the new path, encrypted with the media's key. */
  takeRetry(receipt: BinaryNode, device: Device, mediaKey: Uint8Array | undefined): void {
    const id = receipt.attrs.id ?? '';
    const found = this.stored.find((stored) => mediaKey && stored.mediaKey.equals(mediaKey));
    const rmr = childOf(receipt, 'rmr');
    const content = found && this.phoneHasMedia ? this.uploadAgain(found, id) : node('error', { code: '2' });
    const attributes = { type: 'mediaretry', id, from: device.phone.jid, t: seconds() };
    device.deliver(node('notification', attributes, rmr ? [content, rmr] : [content]));
  }

  private uploadAgain(stored: Stored, id: string): BinaryNode {
    stored.path = this.keep(encryptMedia(stored.plain, stored.kind, stored.mediaKey).bytes);
    const told = proto.MediaRetryNotification.encode({
      stanzaId: id,
      directPath: stored.path,
      result: proto.MediaRetryNotification.ResultType.SUCCESS,
    }).finish();
    const info = 'WhatsApp Media Retry Notification';
    const key = Buffer.from(hkdfSync('sha256', stored.mediaKey, Buffer.alloc(32), info, 32));
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(id));
    const sealed = Buffer.concat([cipher.update(told), cipher.final(), cipher.getAuthTag()]);
    return node('encrypt', {}, [node('enc_p', {}, sealed), node('enc_iv', {}, iv)]);
  }

  private keep(bytes: Buffer): string {
    const path = `/v/t62.test/${randomBytes(9).toString('base64url')}`;
    this.files.set(path, bytes);
    return path;
  }

  /** Answers a request, to this host or to another that hands it on. */
  async respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', this.url).pathname;
    const body = await buffer(request);
    this.requests.push({ method: request.method ?? '', path, body });
    if (request.method === 'POST') {
      if (this.failsUploads > 0) {
        this.failsUploads -= 1;
        response.statusCode = 500;
        response.end();
        return;
      }
      const kept = this.keep(body);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ url: `${this.url}${kept}`, direct_path: kept }));
      return;
    }
    const location = this.elsewhere.get(path);
    if (location !== undefined) {
      response.writeHead(302, { location }).end();
      return;
    }
    const file = this.files.get(path);
    response.statusCode = this.gone.get(path) ?? (file === undefined ? 404 : 200);
    response.end(response.statusCode === 200 ? file : undefined);
  }
}
