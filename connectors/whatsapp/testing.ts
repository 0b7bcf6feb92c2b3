import { readdirSync, readFileSync } from 'node:fs';
import { type Capture, eventSchema, provenances, z } from 'archway/sdk';
import type { ConnectorSubject, Fixture } from 'archway/testkit';
import connector from './index.js';

const account = '0192f0c1-5b1e-7c00-8000-00000000a003';

/** `fixtures/<name>.json`: what the session commits, and what it must parse to. */
const fixtureFileSchema = z.strictObject({
  name: z.string(),
  endpoint: z.string(),
  provenance: z.enum(provenances).default('session'),
  /** A JSON value is the body; a text stands for a body that is no JSON. */
  body: z.unknown(),
  expected: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('events'), events: z.array(eventSchema) }),
    z.strictObject({ kind: z.enum(['ignored', 'unsupported']), reason: z.string() }),
  ]),
});

function readFixtures(): Fixture[] {
  const folder = new URL('./fixtures/', import.meta.url);
  return readdirSync(folder)
    .sort()
    .map((file) => {
      const text = readFileSync(new URL(file, folder), 'utf8');
      const { name, endpoint, provenance, body, expected } = fixtureFileSchema.parse(JSON.parse(text));
      return { name, capture: captureOf(endpoint, body, provenance), expected };
    });
}

/** What the session would commit. */
export function captureOf(
  endpoint: string,
  body: unknown,
  provenance: Capture['provenance'] = 'session',
): Capture {
  return {
    account,
    endpoint,
    method: 'SESSION',
    url: `whatsapp:${endpoint}`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance,
  };
}

/** What the conformance kit needs. The session commits one thing at a time, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: { outbound: true, number: '+447700900100', history: 'recent' },
  fixtures: readFixtures(),
  // Messages leave by the session, which the kit does not play.
  outbound: {
    recipients: ['+12025550123', '120363041234567890@g.us'],
    refused: ['202-555-0123', 'Zoë', 'status@broadcast'],
    recipientOf: ({ conversation }) => conversation,
  },
  // Nothing comes in by a webhook: whoever holds the session's keys is WhatsApp.
  sign: (capture) => capture,
  signatureCovers: [],
};
