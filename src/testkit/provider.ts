import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ProviderAnswer, ProviderRequest } from './subject.js';

/** What the stand-in does with a request once it has read it: answers, breaks the connection, or keeps silent. */
export type Behaviour = ProviderAnswer | 'break' | 'silence';

/** A provider on this machine, which notes what it is asked. */
export interface StandIn {
  readonly url: string;
  readonly requests: readonly ProviderRequest[];
  /** Resolves when there is a request. */
  readonly asked: Promise<void>;
}

/** Runs a stand-in of the provider while `use` lasts. */
export async function withStandIn(
  behaviour: Behaviour,
  use: (standIn: StandIn) => Promise<void>,
): Promise<void> {
  const requests: ProviderRequest[] = [];
  let noteAsked = (): void => undefined;
  const asked = new Promise<void>((resolve) => {
    noteAsked = resolve;
  });
  const server = createServer(async (request, response) => {
    requests.push(await read(request));
    noteAsked();
    behave(behaviour, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    await use({ url, requests, asked });
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

/** An address at which nobody listens. */
export async function nobodysUrl(): Promise<string> {
  let left = '';
  await withStandIn('silence', async ({ url }) => {
    left = url;
  });
  return left;
}

async function read(request: IncomingMessage): Promise<ProviderRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const { method = '', url = '', headers } = request;
  return { method, url, headers, body: Buffer.concat(pieces) };
}

function behave(behaviour: Behaviour, response: ServerResponse): void {
  if (behaviour === 'break') response.destroy();
  if (typeof behaviour === 'string') return;
  const { status, headers = {}, body } = behaviour;
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
}
