import type { Capture } from 'archway/sdk';
import { describe, expect, it } from 'vitest';
import type { Tokens } from './settings.js';
import { bodyDigestOf, signatureOf, signedFieldsOf } from './signature.js';
import { captureOf, madeUpCredentials as settings, sign } from './testing.js';
import { retryOptions, verify } from './verify.js';

const { previousAuthToken } = settings;
const badSignature = { ok: false, reason: 'bad_signature' };
const message = captureOf('messages', 'MessageSid=SM1&From=%2B12025550123&To=%2B12025550100&Body=hello');

function withSignature(capture: Capture, signature: string): Capture {
  return { ...capture, headers: { ...capture.headers, 'x-twilio-signature': signature } };
}

function withBody(capture: Capture, body: string): Capture {
  return { ...capture, body: Buffer.from(body) };
}

describe('a form', () => {
  it('is accepted with its signature', () => {
    expect(verify(sign(message), settings)).toEqual({ ok: true });
  });

  it('is refused without a signature', () => {
    const missing = { ok: false, reason: 'missing_signature' };
    expect(verify(message, settings)).toEqual(missing);
    expect(verify(withSignature(message, ''), settings)).toEqual(missing);
  });

  it('is refused when a field is changed, added or removed', () => {
    const signed = sign(message);
    const text = Buffer.from(message.body).toString();
    for (const body of [
      text.replace('hello', 'hallo'),
      `${text}&NumMedia=0`,
      text.replace('&Body=hello', ''),
      '',
    ]) {
      expect(verify(withBody(signed, body), settings)).toEqual(badSignature);
    }
  });

  it('is refused when it was signed for another URL', () => {
    const elsewhere = sign({ ...message, url: message.url.replace('/messages', '/status') });
    expect(verify({ ...elsewhere, url: message.url }, settings)).toEqual(badSignature);
  });

  it('is refused with two signatures in one header', () => {
    const signature = sign(message).headers['x-twilio-signature'];
    expect(verify(withSignature(message, `${signature}, ${signature}`), settings)).toEqual(badSignature);
  });

  it('is refused, not mistaken for a fault, when the URL is not absolute', () => {
    expect(verify(sign({ ...message, url: '/webhooks/a/messages' }), settings)).toEqual(badSignature);
  });

  it('is accepted when the retry options of the URL are signed too', () => {
    const signature = signatureOf(
      settings.authToken,
      message.url + retryOptions,
      signedFieldsOf([...fieldsOf(message)]),
    );
    expect(verify(withSignature(message, signature), settings)).toEqual({ ok: true });
  });
});

describe('the auth tokens', () => {
  it('are both accepted during a rotation', () => {
    expect(verify(sign(message, settings.authToken), settings)).toEqual({ ok: true });
    expect(verify(sign(message, previousAuthToken), settings)).toEqual({ ok: true });
  });

  it('are no longer accepted once they are gone from the settings', () => {
    const { previousAuthToken: _gone, ...current } = settings;
    expect(verify(sign(message, previousAuthToken), current)).toEqual(badSignature);
  });

  it('are never empty, even if the settings came to be so', () => {
    const empty = { ...settings, authToken: '', previousAuthToken: '' };
    expect(verify(sign(message, ''), empty)).toEqual(badSignature);
    expect(verify(sign(message, ''), {} as Tokens)).toEqual(badSignature);
  });

  it('are the only ones accepted', () => {
    for (const token of ['', 'undefined', '0f1e2d3c4b5a69788796a5b4c3d2e1f1']) {
      expect(verify(sign(message, token), settings)).toEqual(badSignature);
    }
  });
});

describe('a body that is not a form', () => {
  const json = { ...captureOf('messages', '{"a":1}'), headers: { 'content-type': 'application/json' } };

  it('is accepted with its digest in the URL', () => {
    const signed = sign(json);
    expect(signed.url).toContain(`bodySHA256=${bodyDigestOf(json.body)}`);
    expect(verify(signed, settings)).toEqual({ ok: true });
  });

  it('is refused when it is changed', () => {
    expect(verify(withBody(sign(json), '{"a":2}'), settings)).toEqual(badSignature);
  });

  it('is refused when nothing covers it, though the URL is signed', () => {
    const signature = signatureOf(settings.authToken, json.url, '');
    expect(verify(withSignature(json, signature), settings)).toEqual(badSignature);
  });

  it('cannot be smuggled in as a form by its content type', () => {
    const signed = sign(message);
    const headers = { ...signed.headers, 'content-type': 'text/plain' };
    expect(verify({ ...signed, headers }, settings)).toEqual(badSignature);
  });

  it('may be empty', () => {
    const empty = { ...json, body: new Uint8Array() };
    expect(verify(sign(empty), settings)).toEqual({ ok: true });
    expect(verify(withSignature(empty, signatureOf(settings.authToken, empty.url, '')), settings).ok).toBe(
      true,
    );
  });
});

describe('a strange body', () => {
  it('of 10,000 fields is verified', () => {
    const fields = Array.from({ length: 10_000 }, (_, index) => `Field${index % 5_000}=${index}`);
    const signed = sign(captureOf('messages', fields.join('&')));
    expect(verify(signed, settings)).toEqual({ ok: true });
    expect(verify(withBody(signed, fields.slice(1).join('&')), settings)).toEqual(badSignature);
  });

  it('with NUL bytes or without valid UTF-8 is verified', () => {
    for (const bytes of [
      [0x42, 0x3d, 0x00],
      [0x42, 0x3d, 0xff, 0xfe],
      [0x42, 0x3d, 0x25, 0x66, 0x66],
      [0x25],
    ]) {
      const signed = sign(captureOf('messages', Uint8Array.from(bytes)));
      expect(verify(signed, settings)).toEqual({ ok: true });
      expect(verify({ ...signed, body: Uint8Array.from([...bytes, 0x41]) }, settings)).toEqual(badSignature);
    }
  });
});

function fieldsOf(capture: Capture): URLSearchParams {
  return new URLSearchParams(Buffer.from(capture.body).toString());
}
