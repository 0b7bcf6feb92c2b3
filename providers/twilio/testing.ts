import { readdirSync, readFileSync } from 'node:fs';
import { type Capture, eventSchema, z } from 'archway/sdk';
import type { Fixture } from 'archway/testkit';
import { isForm, readFields } from './form.js';
import { bodyDigestOf, signatureOf, signedFieldsOf } from './signature.js';

const account = '0192f0c1-5b1e-7c00-8000-00000000a001';

/** Made up, as an operator would type them. */
export const madeUpCredentials = {
  accountSid: 'AC0123456789abcdef0123456789abcdef',
  authToken: '0f1e2d3c4b5a69788796a5b4c3d2e1f0',
  previousAuthToken: 'ffeeddccbbaa99887766554433221100',
};

/** `fixtures/<name>.json`: what differs between requests; the rest is the same for all. */
const fixtureFileSchema = z.strictObject({
  name: z.string(),
  /** Of a listed item: the fixture that is its webhook. */
  twin: z.string().optional(),
  capture: z.strictObject({
    endpoint: z.string(),
    /** What our own URL carries. */
    query: z.string().optional(),
    headers: z.record(z.string(), z.string()),
    /** UTF-8. */
    body: z.string(),
  }),
  expected: z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('events'),
      events: z.array(eventSchema),
      aliases: z.array(z.strictObject({ alias: z.string(), key: z.string() })).optional(),
    }),
    z.strictObject({ kind: z.enum(['ignored', 'unsupported']), reason: z.string() }),
  ]),
});

/** The fixtures of a connector; those whose endpoint is one of these are items that Twilio's API listed. */
export function readFixtures(folder: URL, listedEndpoints: readonly string[]): Fixture[] {
  return readdirSync(folder)
    .sort()
    .map((file) => readFixture(new URL(file, folder), listedEndpoints));
}

function readFixture(file: URL, listedEndpoints: readonly string[]): Fixture {
  const { name, twin, capture, expected } = fixtureFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { endpoint, query, headers, body } = capture;
  const made = listedEndpoints.includes(endpoint)
    ? listedCapture(endpoint, body)
    : { ...captureOf(endpoint, body, query), headers };
  return { name, capture: made, expected, ...(twin !== undefined && { twin }) };
}

/** An unsigned request as the webhook would capture it. */
export function captureOf(endpoint: string, body: string | Uint8Array, query?: string): Capture {
  return {
    account,
    endpoint,
    method: 'POST',
    url: `https://archway.example.com/webhooks/${account}/${endpoint}${query === undefined ? '' : `?${query}`}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    body: typeof body === 'string' ? Buffer.from(body) : body,
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance: 'webhook',
  };
}

/** Something as Twilio's API lists it, and as `reconcile` hands it on. */
export function listedCapture(endpoint: string, body: string | Uint8Array): Capture {
  return {
    ...captureOf(endpoint, body),
    method: 'GET',
    url: `https://api.twilio.com/2010-04-01/Accounts/${madeUpCredentials.accountSid}/Messages.json`,
    headers: { 'content-type': 'application/json' },
    provenance: 'reconciled',
  };
}

const answer = (status: number, code: number, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: JSON.stringify({ code, status, message: 'As Twilio words it.' }),
});

/** How Twilio answers what it does not do; of what it refuses for good, with this code. */
export function refusals(rejected: number) {
  return {
    unauthorized: answer(401, 20003),
    throttled: { answer: answer(429, 20429, { 'retry-after': '60' }), retryAfterMs: 60_000 },
    rejected: answer(400, rejected),
    outOfOrder: answer(503, 20503),
  };
}

/** Signs as Twilio does: a form field by field, any other body by its digest in the URL. What was listed bears no signature. */
export function sign(capture: Capture, token = madeUpCredentials.authToken): Capture {
  if (capture.provenance !== 'webhook') return capture;
  const url = isForm(capture) ? capture.url : withBodyDigest(capture);
  const signedFields = isForm(capture) ? signedFieldsOf(readFields(capture.body)) : '';
  const headers = { ...capture.headers, 'x-twilio-signature': signatureOf(token, url, signedFields) };
  return { ...capture, url, headers };
}

function withBodyDigest(capture: Capture): string {
  const url = new URL(capture.url);
  url.searchParams.set('bodySHA256', bodyDigestOf(capture.body));
  return url.toString();
}
