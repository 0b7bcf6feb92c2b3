import { createHmac, timingSafeEqual } from 'node:crypto';

export const signatureHeader = 'x-signature';

/** As the provider signs: HMAC-SHA256, in hex, over the URL, a line feed and the body. */
export function signatureOf({ url, body }, secret) {
  return createHmac('sha256', secret).update(`${url}\n`).update(body).digest('hex');
}

/** Did the provider make this request? */
export function verify(capture, { signingSecret }) {
  const given = Buffer.from(capture.headers[signatureHeader] ?? '');
  if (given.length === 0) return { ok: false, reason: 'missing_signature' };
  if (!signingSecret) return { ok: false, reason: 'bad_signature' };
  const expected = Buffer.from(signatureOf(capture, signingSecret));
  const isEqual = given.length === expected.length && timingSafeEqual(given, expected);
  return isEqual ? { ok: true } : { ok: false, reason: 'bad_signature' };
}
