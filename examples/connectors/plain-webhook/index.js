import { defineConnector } from 'archway/sdk';
import { parse } from './parse.js';
import { settings } from './settings.js';
import { verify } from './verify.js';

/** What this connector is, what it captures, and what it can never see. */
export default defineConnector({
  id: 'plain-webhook',
  title: 'Plain webhook',
  version: '1',
  settings,
  capabilities: {
    events: ['message'],
    gaps: 'undetectable',
    blindSpots: ['Messages that the provider does not post to this gateway are not captured.'],
  },
  webhooks: {
    messages: { purpose: 'At the provider, under “Post messages to”.', verify },
  },
  ownAddresses: ({ numbers }) => [...new Set(numbers)],
  parse,
});
