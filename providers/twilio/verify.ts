import type { Capture, Verdict } from 'archway/sdk';
import { isForm, readFields } from './form.js';
import type { Tokens } from './settings.js';
import { bodyDigestOf, sameText, signatureOf, signedFieldsOf, urlSpellings } from './signature.js';

/**
 * What follows the webhook URLs: up to five more attempts (`rc`) after a failure of any kind (`rp`). Left to itself
 * Twilio tries once more, and only where it could not connect.
 */
export const retryOptions = '#rc=5&rp=all';

/** Base64 of the 20 bytes of an HMAC-SHA1. */
const signatureLength = 28;

const refused: Verdict = { ok: false, reason: 'bad_signature' };

/**
 * Whether Twilio made this request: the signature is by one of the account's tokens and covers the URL and the whole
 * body. A form is covered field by field, any other body by the digest in the URL's `bodySHA256`; a body that is
 * covered by neither is refused, which is stricter than Twilio's library.
 */
export function verify(capture: Capture, settings: Tokens): Verdict {
  const signature = capture.headers['x-twilio-signature'];
  if (signature === undefined || signature === '') return { ok: false, reason: 'missing_signature' };
  // Before any work that grows with the body.
  if (signature.length !== signatureLength || !URL.canParse(capture.url)) return refused;
  const signedFields = coveredBody(capture);
  if (signedFields === undefined) return refused;
  // Never an empty one, whatever became of the settings: anybody could sign with it.
  const tokens = [settings.authToken, settings.previousAuthToken].filter((token): token is string =>
    Boolean(token),
  );
  return isSigned(signature, capture.url, signedFields, tokens) ? { ok: true } : refused;
}

/** What the signature covers besides the URL; undefined when no signature could cover this body. */
function coveredBody(capture: Capture): string | undefined {
  // The name anywhere in the URL decides, as in Twilio's library: then the fields are not signed, their digest is.
  if (capture.url.includes('bodySHA256')) return hasDigestOfBody(capture) ? '' : undefined;
  if (capture.body.length === 0) return '';
  return isForm(capture) ? signedFieldsOf(readFields(capture.body)) : undefined;
}

function hasDigestOfBody(capture: Capture): boolean {
  const claimed = new URL(capture.url).searchParams.get('bodySHA256') ?? '';
  if (sameText(claimed, bodyDigestOf(capture.body))) return true;
  // Twilio's library takes an empty body for `{}`.
  return capture.body.length === 0 && sameText(claimed, bodyDigestOf(Buffer.from('{}')));
}

function isSigned(signature: string, url: string, signedFields: string, tokens: readonly string[]): boolean {
  const isSignatureOf = (spelling: string) =>
    tokens.some((token) => sameText(signature, signatureOf(token, spelling, signedFields)));
  // As it stands in the configuration Twilio has almost always signed it.
  if (isSignatureOf(url)) return true;
  const tried = new Set([url]);
  // Twilio's documents do not say whether the retry options, which never reach us, are signed: both are tried.
  for (const suffix of ['', retryOptions]) {
    for (const spelling of urlSpellings(url + suffix)) {
      if (tried.has(spelling)) continue;
      tried.add(spelling);
      if (isSignatureOf(spelling)) return true;
    }
  }
  return false;
}
