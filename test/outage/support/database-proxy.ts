import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * A line between the gateway and its database that can be cut: for a server that the test does not own, and for
 * outages that stopping a server cannot make.
 */
export class DatabaseProxy {
  readonly #sockets = new Set<Socket>();
  readonly #url: URL;
  #state: 'open' | 'cut' | 'silent' = 'open';

  private constructor(
    readonly server: Server,
    databaseUrl: string,
  ) {
    this.#url = new URL(databaseUrl);
    server.on('connection', (client) => this.#join(client));
  }

  static async open(databaseUrl: string): Promise<DatabaseProxy> {
    const server = createServer();
    const proxy = new DatabaseProxy(server, databaseUrl);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(async () => {
      proxy.cut();
      server.close();
      await once(server, 'close');
    });
    return proxy;
  }

  /** The database, by way of this line. */
  get url(): string {
    const url = new URL(this.#url);
    url.hostname = '127.0.0.1';
    url.port = String((this.server.address() as AddressInfo).port);
    return url.href;
  }

  /** Breaks every connection, and new ones at once. */
  cut(): void {
    this.#state = 'cut';
    this.#breakAll();
  }

  /** Connections stay, and nothing comes through: a network that drops packets. */
  silence(): void {
    this.#state = 'silent';
    for (const socket of this.#sockets) socket.pause();
  }

  /** New connections work again. What was held back in silence is lost with its connection. */
  mend(): void {
    this.#breakAll();
    this.#state = 'open';
  }

  #breakAll(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  #join(client: Socket): void {
    this.#keep(client);
    if (this.#state === 'cut') client.destroy();
    if (this.#state !== 'open') return;
    const database = connect(Number(this.#url.port || 5432), this.#url.hostname);
    this.#keep(database);
    for (const [from, to] of [
      [client, database],
      [database, client],
    ] as const) {
      from.on('data', (chunk) => {
        if (!to.destroyed) to.write(chunk);
      });
      from.on('close', () => to.destroy());
    }
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    // A broken line is what this is for.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
  }
}
