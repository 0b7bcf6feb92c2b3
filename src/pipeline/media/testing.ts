import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a provider saw it. */
export interface SeenRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A provider on this machine that answers each path as it is told, and notes what it was asked. */
export class TestProvider implements AsyncDisposable {
  readonly seen: SeenRequest[] = [];
  readonly paths: Record<string, RequestListener> = {};
  readonly #server = createServer((request, response) => {
    const { url = '', headers } = request;
    this.seen.push({ url, headers });
    const answer = this.paths[url];
    if (answer === undefined) response.writeHead(404).end();
    else answer(request, response);
  });

  static async start(paths: Record<string, RequestListener> = {}): Promise<TestProvider> {
    const provider = new TestProvider();
    Object.assign(provider.paths, paths);
    await new Promise<void>((resolve) => provider.#server.listen(0, '127.0.0.1', resolve));
    return provider;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  url(path: string): string {
    return `http://${this.host}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Answers with these bytes. */
export function bytes(content: Uint8Array | string, contentType = 'image/png'): RequestListener {
  const body = Buffer.from(content);
  return (_, response) => {
    response.writeHead(200, { 'content-type': contentType, 'content-length': body.length }).end(body);
  };
}

export function redirect(location: string, status = 302): RequestListener {
  return (_, response) => response.writeHead(status, { location }).end();
}

/** Bytes without an end. */
export const endless: RequestListener = (_, response) => {
  response.writeHead(200, { 'content-type': 'image/png' });
  const piece = Buffer.alloc(64 * 1024, 1);
  const more = () => {
    while (!response.destroyed && response.write(piece));
    if (!response.destroyed) response.once('drain', more);
  };
  more();
};
