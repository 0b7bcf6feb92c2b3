import { readdirSync, readFileSync } from 'node:fs';
import { type Capture, eventSchema, z } from 'archway/sdk';
import type { ConnectorSubject, Fixture, OutboundSubject } from 'archway/testkit';
import connector from './index.js';

const account = '0192f0c1-5b1e-7c00-8000-00000000a002';
const secretToken = 'made-up-secret-0123456789';

/** `fixtures/<name>.json`: the update, and what it must parse to. */
const fixtureFileSchema = z.strictObject({
  name: z.string(),
  /** A JSON value is the body; a text stands for a body that is no JSON. */
  update: z.unknown(),
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
      const { name, update, expected } = fixtureFileSchema.parse(JSON.parse(text));
      return { name, capture: captureOf(update), expected };
    });
}

/** An unsigned request as the webhook would capture it. */
export function captureOf(update: unknown): Capture {
  return {
    account,
    endpoint: 'updates',
    method: 'POST',
    url: `https://archway.example.com/webhooks/${account}/updates`,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(typeof update === 'string' ? update : JSON.stringify(update)),
    receivedAt: '2026-11-23T09:30:00.000Z',
    provenance: 'webhook',
  };
}

const answer = (status: number, body: unknown) => ({ status, body: JSON.stringify(body) });
const refusal = (code: number, description: string, parameters = {}) =>
  answer(code, { ok: false, error_code: code, description, parameters });

const outbound: OutboundSubject = {
  recipients: ['7000123', '-1001234567890', '-1001234567890/topic/7'],
  refused: ['@somebody', 'Zoë', '0'],
  // A chat is typed as records name it.
  recipientOf: ({ conversation }) => conversation,
  provider: {
    settingsAt: (apiBaseUrl) => ({ ...subject.settings, apiBaseUrl }),
    read: ({ body }) => {
      const asked = JSON.parse(Buffer.from(body).toString('utf8')) as Record<string, unknown>;
      const topic = asked.message_thread_id === undefined ? '' : `/topic/${asked.message_thread_id}`;
      return { to: `${asked.chat_id}${topic}`, text: asked.text as string };
    },
    accepted: answer(200, {
      ok: true,
      result: { message_id: 9, date: 1_795_426_200, chat: { id: 7_000_123 } },
    }),
    unauthorized: refusal(401, 'Unauthorized'),
    throttled: {
      answer: refusal(429, 'Too Many Requests: retry after 60', { retry_after: 60 }),
      retryAfterMs: 60_000,
    },
    rejected: refusal(400, 'Bad Request: chat not found'),
    outOfOrder: refusal(502, 'Bad Gateway'),
  },
};

/** What the conformance kit needs. Telegram sends one update a request, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: {
    token: '5550100:AAmadeUpTokenForTests-0123456789abcdef',
    secretToken,
    previousSecretToken: 'made-up-secret-of-yesterday',
  },
  fixtures: readFixtures(),
  outbound,
  sign: (capture) => ({
    ...capture,
    headers: { ...capture.headers, 'x-telegram-bot-api-secret-token': secretToken },
  }),
  // The secret token proves who posts, and covers nothing of what is posted: see README.md.
  signatureCovers: [],
};
