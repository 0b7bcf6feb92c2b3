import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import type { Hono } from 'hono';

export interface ListenerOptions {
  readonly host: string;
  readonly port: number;
  /** A request that is not complete by then is cut off: slow senders must not hold connections. */
  readonly requestTimeoutMs: number;
}

const idleSweepMs = 50;

/** The address cannot be listened on; the message says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** One HTTP listener with its limits. */
export class Listener {
  private constructor(
    readonly server: Server,
    readonly host: string,
    readonly port: number,
  ) {}

  /**
   * Binds, then asks for the routes, which may depend on the port that was given.
   *
   * @throws {ListenError}
   */
  static async open(routes: (port: number) => Hono, options: ListenerOptions): Promise<Listener> {
    const server = createServer({
      requestTimeout: options.requestTimeoutMs,
      headersTimeout: Math.min(options.requestTimeoutMs, 10_000),
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
      connectionsCheckingInterval: 1_000,
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) => reject(listenError(options, cause as NodeJS.ErrnoException)));
      server.listen(options.port, options.host, resolve);
    });
    const { port } = server.address() as AddressInfo;
    server.on('request', getRequestListener(routes(port).fetch));
    return new Listener(server, options.host, port);
  }

  get url(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `http://${host === '0.0.0.0' || host === '[::]' ? 'localhost' : host}:${this.port}`;
  }

  /** Takes no new connection, lets requests under way finish within the time, then cuts them off. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => this.server.close(() => resolve()));
    this.server.closeIdleConnections();
    // A connection whose last request ends from now on would be kept open for a next one.
    const sweep = setInterval(() => this.server.closeIdleConnections(), idleSweepMs);
    const timer = setTimeout(() => this.server.closeAllConnections(), graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(timer);
  }
}

function listenError({ host, port }: ListenerOptions, cause: NodeJS.ErrnoException): ListenError {
  const reason = cause.code === 'EADDRINUSE' ? 'something else listens there' : cause.message;
  return new ListenError(
    `Cannot listen on ${host}:${port}: ${reason}. Set PORT (public) or ADMIN_PORT (private) to a free port.`,
    { cause },
  );
}
