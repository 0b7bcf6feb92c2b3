import {
  type Connector,
  Failure,
  type OutboundMessage,
  phoneNumber,
  type Routed,
  z,
} from '../../sdk/index.js';
import type { ConnectorSubject } from '../subject.js';
import { referenceConnectorSubject as reference, referenceConnector } from './connector.js';

/** The reference connector as one that also sends: the provider takes a message as JSON, and answers with its id. */

const base = referenceConnector as unknown as Connector;
const acceptedSchema = z.object({ id: z.string().min(1) });

const address = (value: string) => ({ scheme: 'tel' as const, value, asReceived: value });

function route({ to }: { readonly to: string }, settings: Record<string, unknown>): Routed {
  if (!phoneNumber().safeParse(to).success) {
    return { ok: false, reason: 'The recipient must be a number such as +12025550123.' };
  }
  const [own = ''] = settings.numbers as string[];
  const conversation = [own, to].sort().join('|');
  return { ok: true, route: { from: address(own), to: address(to), conversation, channel: 'sms' } };
}

async function send(
  { to, text }: OutboundMessage,
  { settings, signal }: { settings: Record<string, unknown>; signal: AbortSignal },
) {
  let answer: { status: number; retryAfter: string | null; body: string };
  try {
    const response = await fetch(`${settings.apiUrl}/messages`, {
      method: 'POST',
      redirect: 'manual',
      headers: { authorization: `Bearer ${settings.authToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ to: to.asReceived, text }),
      signal,
    });
    const { status, headers } = response;
    answer = { status, retryAfter: headers.get('retry-after'), body: await response.text() };
  } catch (cause) {
    const { code } = (cause as { cause?: { code?: string } }).cause ?? {};
    const kind = code === 'ECONNREFUSED' ? 'unavailable' : 'indeterminate';
    throw new Failure(kind, 'There was no answer.', { cause });
  }
  if (answer.status >= 500) throw new Failure('indeterminate', 'The provider failed.');
  if (answer.status === 429) {
    throw new Failure('throttled', 'Too fast.', { retryAfterMs: Number(answer.retryAfter) * 1_000 });
  }
  if (answer.status >= 400) throw new Failure(answer.status === 401 ? 'auth' : 'rejected', 'It was refused.');
  return { providerId: readId(answer.body), aliases: [readId(answer.body)] };
}

function readId(body: string): string {
  try {
    return acceptedSchema.parse(JSON.parse(body)).id;
  } catch (cause) {
    throw new Failure('indeterminate', 'The answer names no message.', { cause });
  }
}

const capability = { textLengthMax: 1_000, mediaMax: 0, idempotent: false, messagesPerSecond: 1 };

/** It keeps every rule, those of sending too. */
export const sendingReference: ConnectorSubject = {
  ...reference,
  connector: {
    ...base,
    settings: base.settings.extend({ apiUrl: z.url().optional() }),
    capabilities: { ...base.capabilities, outbound: capability },
    route,
    send,
  },
  outbound: {
    recipients: ['+12025550123'],
    refused: ['Zoë', '2025550123'],
    provider: {
      settingsAt: (url) => ({ ...reference.settings, apiUrl: url }),
      read: ({ body }) => JSON.parse(Buffer.from(body).toString('utf8')),
      accepted: { status: 201, body: JSON.stringify({ id: 'm9' }) },
      unauthorized: { status: 401, body: '{}' },
      throttled: {
        answer: { status: 429, headers: { 'retry-after': '60' }, body: '{}' },
        retryAfterMs: 60_000,
      },
      rejected: { status: 400, body: '{}' },
      outOfOrder: { status: 503, body: '{}' },
    },
  },
};
