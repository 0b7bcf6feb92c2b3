import type { ConnectorSubject, OutboundSubject } from 'archway/testkit';
import { madeUpCredentials, readFixtures, refusals, sign } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { listedEndpoint } from './listed.js';

export { captureOf, sign } from '../../providers/twilio/testing.js';

const outbound: OutboundSubject = {
  recipients: ['+12025550123', 'whatsapp:+12025550123'],
  refused: ['202-555-0123', 'messenger:104856', '12345', '+1 202 555 0123'],
  provider: {
    settingsAt: (apiBaseUrl) => ({ ...subject.settings, apiBaseUrl }),
    read: ({ body }) => {
      const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
      return { to: form.get('To') ?? '', text: form.get('Body') ?? undefined };
    },
    accepted: { status: 201, body: JSON.stringify({ sid: `SM${'0'.repeat(32)}`, status: 'queued' }) },
    ...refusals(21610),
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
