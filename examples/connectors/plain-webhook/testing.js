import { readFixtures } from 'archway/testkit';
import connector from './index.js';
import { signatureHeader, signatureOf } from './verify.js';

const settings = { signingSecret: 'made-up-5f2b9c07', numbers: '+12025550188' };

/** What the test kit puts its rules to. */
export const subject = {
  connector,
  settings,
  fixtures: readFixtures(new URL('./fixtures/', import.meta.url)),
  sign: (capture) => ({
    ...capture,
    headers: { ...capture.headers, [signatureHeader]: signatureOf(capture, settings.signingSecret) },
  }),
};
