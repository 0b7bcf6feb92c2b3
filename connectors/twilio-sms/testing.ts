import type { ConnectorSubject } from 'archway/testkit';
import { madeUpCredentials, readFixtures, sign } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { listedEndpoint } from './listed.js';

export { captureOf, sign } from '../../providers/twilio/testing.js';

/** What the conformance kit needs. Twilio sends one message or one status a request, so there is nothing to regroup. */
export const subject: ConnectorSubject = {
  connector,
  settings: { ...madeUpCredentials, numbers: '+12025550100,whatsapp:+12025550101,20255' },
  fixtures: readFixtures(new URL('./fixtures/', import.meta.url), [listedEndpoint]),
  sign,
};
