import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { parse as parseQuery, stringify as stringifyQuery } from 'node:querystring';
import type { Field } from './form.js';

/**
 * Twilio's request signature, as its own library checks it (`twilio/lib/webhooks/webhooks.js`), on node:crypto alone.
 * Source: https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */

/** Base64 of HMAC-SHA1, keyed with the auth token, over the URL and what `signedFields` gives. */
export function signatureOf(authToken: string, url: string, signedFields: string): string {
  return createHmac('sha1', authToken)
    .update(url + signedFields)
    .digest('base64');
}

/** The fields as they are signed: sorted by name, then by value, each pair once, names and values run together. */
export function signedFieldsOf(fields: readonly Field[]): string {
  let signed = '';
  let previous: Field | undefined;
  for (const field of [...fields].sort(byNameThenValue)) {
    if (previous === undefined || byNameThenValue(previous, field) !== 0) signed += field[0] + field[1];
    previous = field;
  }
  return signed;
}

/** By UTF-16 code units, as `Array.prototype.sort` compares. */
function byNameThenValue(left: Field, right: Field): number {
  if (left[0] !== right[0]) return left[0] < right[0] ? -1 : 1;
  if (left[1] !== right[1]) return left[1] < right[1] ? -1 : 1;
  return 0;
}

/**
 * The spellings of a URL that Twilio may have signed, likeliest first; lazily, since a genuine request almost always
 * matches the first. They differ in the standard port, in what `new URL()` escapes, and in the legacy query encoding.
 * `url` must be absolute.
 */
export function* urlSpellings(url: string): Generator<string> {
  yield withoutPort(url);
  yield withPort(url);
  const normalized = new URL(url).toString();
  yield withoutPort(normalized);
  yield withPort(normalized);
  yield withLegacyQuery(withoutPort(normalized));
  yield withLegacyQuery(withPort(normalized));
}

/** Scheme, credentials, host, port and the rest, without the changes that `new URL()` makes. */
const urlPattern = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*@)?((?:\[[^\]/?#]*\])?[^/?#:]*)(:[^/?#]*)?(.*)$/is;

function withoutPort(url: string): string {
  return url.replace(urlPattern, '$1$2$3$5');
}

function withPort(url: string): string {
  return url.replace(urlPattern, (_all, scheme: string, credentials = '', host, port, rest) => {
    const standardPort = scheme.toLowerCase() === 'https://' ? ':443' : ':80';
    return `${scheme}${credentials}${host}${port ?? standardPort}${rest}`;
  });
}

function withLegacyQuery(url: string): string {
  const queryStart = url.indexOf('?');
  if (queryStart === -1 || queryStart === url.length - 1) return url;
  return `${url.slice(0, queryStart)}?${stringifyQuery(parseQuery(url.slice(queryStart + 1)))}`;
}

/** Lower-case hex, as in the query parameter `bodySHA256`. */
export function bodyDigestOf(body: Uint8Array): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Takes the same time wherever the two differ. Both lengths are public. */
export function sameText(left: string, right: string): boolean {
  const leftBytes = Buffer.from(left);
  const rightBytes = Buffer.from(right);
  return leftBytes.length === rightBytes.length && timingSafeEqual(leftBytes, rightBytes);
}
