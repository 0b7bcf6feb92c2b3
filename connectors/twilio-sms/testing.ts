import type { ConnectorSubject, OutboundSubject } from 'archway/testkit';
import { madeUpCredentials, readFixtures, sign } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { listedEndpoint } from './listed.js';

export { captureOf, sign } from '../../providers/twilio/testing.js';

const json = (status: number, body: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body: JSON.stringify(body),
});
const refusal = (status: number, code: number) => ({ code, status, message: 'As Twilio words it.' });

const outbound: OutboundSubject = {
  recipients: ['+12025550123', 'whatsapp:+12025550123'],
  refused: ['202-555-0123', 'messenger:104856', '12345', '+1 202 555 0123'],
  provider: {
    settingsAt: (apiBaseUrl) => ({ ...subject.settings, apiBaseUrl }),
    read: ({ body }) => {
      const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
      return { to: form.get('To') ?? '', text: form.get('Body') ?? undefined };
    },
    accepted: json(201, { sid: `SM${'0'.repeat(32)}`, status: 'queued' }),
    unauthorized: json(401, refusal(401, 20003)),
    throttled: { answer: json(429, refusal(429, 20429), { 'retry-after': '60' }), retryAfterMs: 60_000 },
    rejected: json(400, refusal(400, 21610)),
    outOfOrder: json(503, refusal(503, 20503)),
  },
};

/** What the conformance kit needs. Twilio sends one message or one status a request, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: { ...madeUpCredentials, numbers: '+12025550100,whatsapp:+12025550101,20255' },
  fixtures: readFixtures(new URL('./fixtures/', import.meta.url), [listedEndpoint]),
  outbound,
  sign,
};
