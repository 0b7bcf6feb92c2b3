import { Readable } from 'node:stream';
import { followMediaLink } from '../db/media.js';
import { openUpload } from '../domain/uploads.js';
import { mediaTokenHash } from '../pipeline/provider-send.js';
import { readRange } from './byte-range.js';
import type { IngressOptions } from './ingress.js';
import { problem } from './problem.js';
import { safeContentType } from './safe-content.js';

const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * Gives one attachment of one outbound message to whoever has its path. The path is random and ends with its time; one that is
 * unknown and one that is over are answered alike. Only the digest of the path is compared, so timing says nothing.
 */
export async function serveMedia(
  { directory, blobs, log }: IngressOptions,
  token: string,
  request: Request,
): Promise<Response> {
  if (!tokenPattern.test(token)) return unknown();
  const linked = await followMediaLink(directory.database.orm, mediaTokenHash(token));
  const tenant = linked && (await directory.tenants.find(linked.upload.instanceId));
  if (linked === undefined || tenant === undefined) return unknown();
  const { byteLength, contentType } = openUpload(tenant.vault, linked.upload);
  const store = await blobs.of(tenant);
  const { outboundId: message, fetches } = linked;
  log.info({ message, upload: linked.upload.id, fetches }, 'Media of an outbound message was fetched.');
  const headers = {
    'Content-Type': safeContentType(contentType),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Accept-Ranges': 'bytes',
  };
  const range = readRange(request.headers.get('range') ?? undefined, byteLength);
  if (range === 'unsatisfiable') {
    return new Response(null, {
      status: 416,
      headers: { ...headers, 'Content-Range': `bytes */${byteLength}` },
    });
  }
  const { start, end } = range === 'whole' ? { start: 0, end: byteLength } : range;
  const body = request.method === 'HEAD' ? null : stream(store.open(linked.upload.blobId, { start, end }));
  return new Response(body, {
    status: range === 'whole' ? 200 : 206,
    headers: {
      ...headers,
      'Content-Length': String(end - start),
      ...(range !== 'whole' && { 'Content-Range': `bytes ${start}-${end - 1}/${byteLength}` }),
    },
  });
}

function unknown(): Response {
  return problem(404, 'There is nothing here, or not any more.');
}

function stream(pieces: AsyncIterable<Uint8Array>): ReadableStream {
  return Readable.toWeb(Readable.from(pieces, { objectMode: false })) as ReadableStream;
}
