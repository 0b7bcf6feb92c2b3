import type { CallSubject, ConnectorSubject } from 'archway/testkit';
import { madeUpCredentials, readFixtures, refusals, sign } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { listedCall, listedRecording } from './listed.js';

export { captureOf, sign } from '../../providers/twilio/testing.js';

const calls: CallSubject = {
  recipients: ['+12025550123'],
  refused: ['202-555-0123', '12345', '+1 202 555 0123', 'sip:zoe@example.com', '+12025550100'],
  ring: '+14155550111',
  provider: {
    settingsAt: (apiBaseUrl) => ({ ...subject.settings, apiBaseUrl }),
    read: ({ body }) => {
      const form = new URLSearchParams(Buffer.from(body).toString('utf8'));
      const [, to = ''] = /<Number [^>]*>([^<]*)<\/Number>/.exec(form.get('Twiml') ?? '') ?? [];
      return { to, ring: form.get('To') ?? '' };
    },
    accepted: { status: 201, body: JSON.stringify({ sid: `CA${'0'.repeat(32)}`, status: 'queued' }) },
    ...refusals(21216),
  },
};

/** What the conformance kit needs. Twilio tells one thing a request, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: {
    ...madeUpCredentials,
    number: '+12025550100',
    forwardTo: '+14155550110,+14155550111',
    language: 'de-DE',
  },
  fixtures: readFixtures(new URL('./fixtures/', import.meta.url), [listedCall, listedRecording]),
  calls,
  sign,
};
