import { readdirSync, readFileSync } from 'node:fs';
import { type Capture, eventSchema, z } from 'archway/sdk';
import type { ConnectorSubject, Fixture } from 'archway/testkit';
import { isForm, readFields } from './form.js';
import connector from './index.js';
import { listedEndpoint } from './listed.js';
import { bodyDigestOf, signatureOf, signedFieldsOf } from './signature.js';

const account = '0192f0c1-5b1e-7c00-8000-00000000a001';
const authToken = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';

/** `fixtures/<name>.json`: what differs between requests; the rest is the same for all. */
const fixtureFileSchema = z.strictObject({
  name: z.string(),
  /** Of a listed message: the fixture that is its webhook. */
  twin: z.string().optional(),
  capture: z.strictObject({
    endpoint: z.enum(['messages', 'status', listedEndpoint]),
    headers: z.record(z.string(), z.string()),
    /** UTF-8. */
    body: z.string(),
  }),
  expected: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('events'), events: z.array(eventSchema) }),
    z.strictObject({ kind: z.enum(['ignored', 'unsupported']), reason: z.string() }),
  ]),
});

function readFixtures(): Fixture[] {
  const folder = new URL('./fixtures/', import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => readFixture(new URL(file, folder)));
}

function readFixture(file: URL): Fixture {
  const { name, twin, capture, expected } = fixtureFileSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  const { endpoint, headers, body } = capture;
  const made = endpoint === listedEndpoint ? listedCapture(body) : { ...captureOf(endpoint, body), headers };
  return { name, capture: made, expected, ...(twin !== undefined && { twin }) };
}

/** An unsigned request as the webhook would capture it. */
export function captureOf(endpoint: string, body: string | Uint8Array): Capture {
  return {
    account,
    endpoint,
    method: 'POST',
    url: `https://archway.example.com/webhooks/${account}/${endpoint}`,
    headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' },
    body: typeof body === 'string' ? Buffer.from(body) : body,
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance: 'webhook',
  };
}

/** A message as the API lists it, and as `reconcile` hands it on. */
export function listedCapture(body: string | Uint8Array): Capture {
  return {
    ...captureOf(listedEndpoint, body),
    method: 'GET',
    url: 'https://api.twilio.com/2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Messages.json',
    headers: { 'content-type': 'application/json' },
    provenance: 'reconciled',
  };
}

/** Signs as Twilio does: a form field by field, any other body by its digest in the URL. */
export function sign(capture: Capture, token = authToken): Capture {
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

/** What the conformance kit needs. Twilio sends one message or one status a request, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: {
    accountSid: 'AC0123456789abcdef0123456789abcdef',
    authToken,
    previousAuthToken: 'ffeeddccbbaa99887766554433221100',
    numbers: '+12025550100,whatsapp:+12025550101,20255',
  },
  fixtures: readFixtures(),
  sign: (capture) => (capture.provenance === 'webhook' ? sign(capture) : capture),
};
