import type { ConnectorSubject } from 'archway/testkit';
import { madeUpCredentials, readFixtures, sign } from '../../providers/twilio/testing.js';
import connector from './index.js';
import { listedCall, listedRecording } from './listed.js';

export { captureOf, sign } from '../../providers/twilio/testing.js';

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
  sign,
};
