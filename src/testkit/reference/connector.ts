import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  type Capture,
  defineConnector,
  type Given,
  listOf,
  type MessageEvent,
  type Parsed,
  phoneNumber,
  secret,
  type Verdict,
  z,
} from '../../sdk/index.js';
import type { ConnectorSubject } from '../subject.js';

/**
 * A whole connector in one small file, for a provider that does not exist: it posts JSON lists of messages and signs
 * URL and body with HMAC-SHA-256. The canaries are made from it, and authors may start from it.
 */

const settingsSchema = z.strictObject({
  authToken: secret(),
  numbers: listOf(phoneNumber()),
});

type ReferenceSettings = z.infer<typeof settingsSchema>;

const bodySchema = z.array(
  z.object({
    id: z.string().min(1).max(100),
    from: phoneNumber(),
    to: phoneNumber(),
    text: z.string(),
  }),
);

function signatureOf(capture: Capture, token: string): string {
  return createHmac('sha256', token).update(capture.url).update('\n').update(capture.body).digest('hex');
}

function verify(capture: Capture, settings: ReferenceSettings): Verdict {
  const signature = capture.headers['x-reference-signature'];
  if (!signature) return { ok: false, reason: 'missing_signature' };
  if (!settings.authToken) return { ok: false, reason: 'bad_signature' };
  const given = Buffer.from(signature);
  const expected = Buffer.from(signatureOf(capture, settings.authToken));
  const isEqual = given.byteLength === expected.byteLength && timingSafeEqual(given, expected);
  return isEqual ? { ok: true } : { ok: false, reason: 'bad_signature' };
}

function parse(capture: Capture, given: Given): Parsed {
  const body = bodySchema.safeParse(readJson(capture.body));
  if (!body.success) return { kind: 'unsupported', reason: 'The body is no JSON list of messages.' };
  if (body.data.length === 0) return { kind: 'ignored', reason: 'The list of messages is empty: a ping.' };
  const ids = new Set(body.data.map((message) => message.id));
  if (ids.size < body.data.length) return { kind: 'unsupported', reason: 'Two messages have the same id.' };
  return { kind: 'events', events: body.data.map((message) => eventOf(message, given)) };
}

function readJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    return error;
  }
}

function eventOf({ id, from, to, text }: z.infer<typeof bodySchema>[number], given: Given): MessageEvent {
  return {
    kind: 'message',
    key: id,
    channel: 'sms',
    conversation: [from, to].sort().join('|'),
    from: { scheme: 'tel', value: from, asReceived: from },
    to: [{ scheme: 'tel', value: to, asReceived: to }],
    direction: given.ownAddresses.includes(from) ? 'outbound' : 'inbound',
    text,
    attachments: [],
  };
}

export const referenceConnector = defineConnector({
  id: 'reference',
  title: 'Reference provider',
  version: '1',
  settings: settingsSchema,
  capabilities: {
    events: ['message'],
    gaps: 'undetectable',
    blindSpots: ['Messages that the reference provider does not post are not seen.'],
  },
  webhooks: {
    messages: {
      purpose: 'At the reference provider, under "Messages are posted to".',
      verify,
      reply: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'kept' }),
    },
  },
  ownAddresses: (settings) => [...settings.numbers],
  parse,
});

const contact = '+12025550123';
const own = '+12025550188';
const first = { id: 'm1', from: contact, to: own, text: 'Are we still on for ten? – Zoë' };
const second = { id: 'm2', from: own, to: contact, text: 'Yes.' };

function captureOf(body: unknown): Capture {
  return {
    account: '0192f0c1-5b1e-7c00-8000-00000000b001',
    endpoint: 'messages',
    method: 'POST',
    url: 'https://capture.example.com/webhooks/0192f0c1-5b1e-7c00-8000-00000000b001/messages',
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance: 'webhook',
  };
}

const given: Given = { ownAddresses: [own] };
const settings = { authToken: 'reference-token-5f2b9c', numbers: [own] };

/** The reference connector with its fixtures: it keeps every rule. */
export const referenceConnectorSubject: ConnectorSubject = {
  connector: referenceConnector,
  settings,
  fixtures: [
    {
      name: 'two-messages',
      capture: captureOf([first, second]),
      expected: { kind: 'events', events: [eventOf(first, given), eventOf(second, given)] },
    },
    {
      name: 'ping',
      capture: captureOf([]),
      expected: { kind: 'ignored', reason: 'The list of messages is empty: a ping.' },
    },
    {
      name: 'unknown',
      capture: captureOf({ news: true }),
      expected: { kind: 'unsupported', reason: 'The body is no JSON list of messages.' },
    },
  ],
  sign: (capture) => ({
    ...capture,
    headers: { ...capture.headers, 'x-reference-signature': signatureOf(capture, settings.authToken) },
  }),
  rebatch: () => [captureOf([second]), captureOf([first])],
};
