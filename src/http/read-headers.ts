import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

// From the parser's own lists where the request came over a socket: a `Headers` object sorts and checks each again.

/** The headers of a request as a capture keeps them: names in lower case, values of a repeated name joined as RFC 9110 says. */
export function readHeaders(context: Context): Record<string, string> {
  const incoming = incomingOf(context);
  if (incoming === undefined) return Object.fromEntries(context.req.raw.headers);
  return joinHeaders(incoming.rawHeaders);
}

/** One of the headers that may stand only once. */
export function readHeader(
  context: Context,
  name: 'content-length' | 'transfer-encoding',
): string | undefined {
  const incoming = incomingOf(context);
  if (incoming === undefined) return context.req.raw.headers.get(name) ?? undefined;
  return incoming.headers[name];
}

function incomingOf(context: Context): HttpBindings['incoming'] | undefined {
  return ((context.env ?? {}) as Partial<HttpBindings>).incoming;
}

/** @param raw name, value, name, value … as received. */
export function joinHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const value = raw[index + 1] as string;
    const joined = Object.hasOwn(headers, name) ? `${headers[name]}${separatorOf(name)}${value}` : value;
    // Assigned, a header of this name would be lost.
    if (name === '__proto__') Object.defineProperty(headers, name, { ...ordinary, value: joined });
    else headers[name] = joined;
  }
  return headers;
}

const ordinary = { enumerable: true, configurable: true, writable: true };

function separatorOf(name: string): string {
  return name === 'cookie' ? '; ' : ', ';
}
