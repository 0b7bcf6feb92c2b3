import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { DriverStream } from './driver-stream.js';

/** How far the server is trusted: `require` encrypts, `verify-full` also checks its certificate and name. */
type SslMode = 'disable' | 'prefer' | 'require' | 'verify-full';

interface ServerAddress {
  readonly host: string;
  readonly port: number;
  readonly sslMode: SslMode;
}

/** Asks the server whether it speaks TLS: length 8, then the code 80877103. */
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

const sslModes: readonly string[] = ['disable', 'prefer', 'require', 'verify-full'] satisfies SslMode[];

/**
 * A connection to the server of a `postgres://` URL. Unlike a plain socket it always fails with an error before it closes,
 * which the pool and the driver need to tell a loss from an end (see pool.ts).
 */
export function connectToServer(url: string): Duplex {
  const address = readAddress(url);
  const opened = openSocket(address);
  const withSocket = (use: (socket: Socket) => void) => void opened.then(use, () => undefined);
  const stream = new DriverStream({
    send: (bytes) => withSocket((socket) => writeCorked(socket, bytes)),
    end: () => withSocket((socket) => socket.end()),
    gone: () => withSocket((socket) => socket.destroy()),
  });
  opened.then(
    (socket) => {
      socket.setKeepAlive(true, 60_000);
      socket.on('data', (bytes) => stream.receive(bytes));
      socket.on('error', (error) => stream.destroy(error));
      socket.on('close', () => stream.destroy(connectionLost()));
    },
    (error: Error) => stream.destroy(error),
  );
  return stream;
}

/**
 * What is written in one go of the event loop is handed to the system at once: the driver writes each statement by itself,
 * and each write wakes the server.
 */
function writeCorked(socket: Socket, bytes: Uint8Array): void {
  if (socket.writableCorked === 0) {
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
  socket.write(bytes);
}

function readAddress(url: string): ServerAddress {
  const { hostname, port, searchParams } = new URL(url);
  const mode = searchParams.get('sslmode') ?? 'disable';
  return {
    host: decodeURIComponent(hostname).replace(/^\[|\]$/g, '') || 'localhost',
    port: Number(port || 5432),
    sslMode: (sslModes.includes(mode) ? mode : 'verify-full') as SslMode,
  };
}

async function openSocket(address: ServerAddress): Promise<Socket> {
  const socket = connect({ host: address.host, port: address.port, noDelay: true });
  await once(socket, 'connect');
  if (address.sslMode === 'disable') return socket;
  socket.write(sslRequest);
  const [answer] = await firstBytes(socket);
  if (answer === 'S'.charCodeAt(0)) return secured(socket, address);
  if (address.sslMode === 'prefer') return socket;
  socket.destroy();
  throw Object.assign(new Error('The database server does not offer TLS, which sslmode asks for.'), {
    code: 'ECONNREFUSED',
  });
}

async function secured(socket: Socket, { host, sslMode }: ServerAddress): Promise<Socket> {
  const secure = connectTls({
    socket,
    rejectUnauthorized: sslMode === 'verify-full',
    ...(isIP(host) === 0 ? { servername: host } : {}),
  });
  await once(secure, 'secureConnect');
  return secure;
}

function once(socket: Socket, event: 'connect' | 'secureConnect'): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once(event, () => {
      socket.off('error', reject);
      resolve();
    });
  });
}

function firstBytes(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('close', () => reject(connectionLost()));
    socket.once('data', (bytes) => {
      socket.removeAllListeners('error');
      socket.removeAllListeners('close');
      socket.pause();
      resolve(bytes);
    });
  });
}

function connectionLost(): Error {
  return Object.assign(new Error('The connection to the database was lost.'), { code: 'ECONNRESET' });
}
