import { createHash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { guardedLookup, type MediaRequest, type Resolve, resolveBySystem } from '../../sdk/index.js';
import { failureOfStatus, isRedirect } from './answer.js';
import { MediaFailure } from './media-failure.js';
import { assertAllowed, type Permission, readTarget } from './target.js';

export interface FetchLimits {
  readonly lengthMaxBytes: number;
  /** From the look-up of the name to the head of the answer, for each request. */
  readonly answerMaxMs: number;
  /** Between two pieces of the body. */
  readonly idleMaxMs: number;
}

export interface FetchOptions extends Permission {
  readonly limits: FetchLimits;
  /** Aborted when time is up or the gateway stops. */
  readonly signal: AbortSignal;
  /** What a test hands in. */
  readonly resolve?: Resolve;
  readonly trusted?: string | undefined;
}

export interface FetchedMedia {
  /** As the provider names it. */
  readonly contentType: string | undefined;
  /**
   * The bytes, once. Throws a `MediaFailure` when they break off, or are not what was announced; leaving the loop early
   * ends the connection.
   */
  readonly body: AsyncIterable<Uint8Array>;
}

const redirectsMax = 5;
const contentTypeLengthMax = 255;

/**
 * Asks for an attachment, follows redirects where they may lead, and gives the answer as a stream.
 *
 * What the request's author says about hosts and headers is kept to the letter: no other host is asked, no private address
 * is connected to, and from the first redirect on no header of the request is sent, whatever host it leads to.
 *
 * @throws {MediaFailure}
 */
export async function fetchMedia(request: MediaRequest, options: FetchOptions): Promise<FetchedMedia> {
  const permitted = { ...options, operatorHosts: request.operatorHosts };
  let link = request.url;
  for (let hop = 0; hop <= redirectsMax; hop += 1) {
    const url = readTarget(link, hop, request, permitted);
    const response = await ask(url, hop === 0 ? request.headers : undefined, permitted);
    const status = response.statusCode ?? 0;
    const { location } = response.headers;
    if (status === 200) return accept(response, request, options);
    response.destroy();
    if (!isRedirect(status) || location === undefined) {
      throw failureOfStatus(status, { isFirst: hop === 0, retryAfter: response.headers['retry-after'] });
    }
    link = URL.canParse(location, url.href) ? new URL(location, url).href : location;
  }
  throw new MediaFailure('too-many-redirects', `More than ${redirectsMax} redirects led on and on.`);
}

function ask(
  url: URL,
  headers: MediaRequest['headers'],
  { limits, signal, trusted, resolve = resolveBySystem, ...permission }: FetchOptions,
): Promise<http.IncomingMessage> {
  return new Promise((settle, refuse) => {
    const lookup = guardedLookup(resolve, (addresses) =>
      assertAllowed(addresses, url, permission, 'private-name'),
    );
    const { request: open } = url.protocol === 'https:' ? https : http;
    // `rejectUnauthorized` is said in so many words, since an environment variable can turn its default off.
    const tls = { rejectUnauthorized: true, ...(trusted === undefined ? {} : { ca: trusted }) };
    const outgoing = open(url, {
      // A connection of its own for each: credentials and cookies of one host never meet another.
      agent: false,
      lookup,
      signal,
      // Compressed bytes would be others than the provider speaks of, and could unfold without end.
      headers: { 'user-agent': 'archway', accept: '*/*', ...headers, 'accept-encoding': 'identity' },
      ...tls,
    });
    const timer = setTimeout(
      () => outgoing.destroy(tooSlow('The provider did not answer in time.')),
      limits.answerMaxMs,
    );
    outgoing.on('close', () => clearTimeout(timer));
    outgoing.on('error', (error) => refuse(failureOf(error, signal)));
    outgoing.on('response', (response) => {
      clearTimeout(timer);
      // What goes wrong from here on is met by whoever reads the body.
      response.on('error', () => undefined);
      outgoing.setTimeout(limits.idleMaxMs, () => response.destroy(tooSlow('The bytes stopped coming.')));
      settle(response);
    });
    outgoing.end();
  });
}

function accept(response: http.IncomingMessage, request: MediaRequest, options: FetchOptions): FetchedMedia {
  const { lengthMaxBytes } = options.limits;
  const encoding = response.headers['content-encoding'] ?? 'identity';
  const announced = Number(response.headers['content-length'] ?? 0);
  const objection =
    encoding !== 'identity'
      ? new MediaFailure('wrong-bytes', 'The answer is compressed, though it was asked not to be.')
      : announced > lengthMaxBytes
        ? new MediaFailure('too-large', `It has ${announced} bytes, and ${lengthMaxBytes} are allowed.`)
        : undefined;
  if (objection !== undefined) {
    response.destroy();
    throw objection;
  }
  const contentType = response.headers['content-type']?.slice(0, contentTypeLengthMax).toWellFormed();
  return {
    contentType: request.decode === undefined ? contentType : undefined,
    body: readBody(response, request, options.signal),
  };
}

async function* readBody(
  response: http.IncomingMessage,
  { sha256: promised, decode = (body) => body }: MediaRequest,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  const hash = promised === undefined ? undefined : createHash('sha256');
  try {
    for await (const piece of decode(received(response, signal))) {
      hash?.update(piece);
      yield piece;
    }
  } catch (error) {
    throw failureOf(error, signal);
  } finally {
    response.destroy();
  }
  // Thrown before the store takes the end for the end, so that nothing of it is kept.
  if (hash !== undefined && hash.digest('hex') !== promised) {
    throw new MediaFailure('wrong-bytes', 'The bytes do not have the digest that the provider named.');
  }
}

function tooSlow(message: string): MediaFailure {
  return new MediaFailure('too-slow', message);
}

/** The bytes as they come, with our words for what goes wrong on the way. */
async function* received(
  response: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* response;
  } catch (error) {
    throw failureOf(error, signal);
  }
}

/** The error itself may quote what came over the wire, or the URL: only its code is kept. */
function failureOf(error: unknown, signal: AbortSignal): MediaFailure {
  if (error instanceof MediaFailure) return error;
  const { name, code } = error as NodeJS.ErrnoException;
  if (signal.aborted) return tooSlow('The transfer took too long, and was ended.');
  return new MediaFailure('unreachable', `The connection to the provider failed (${code ?? name}).`);
}
