import { defineSink } from 'archway/sdk';
import { openWebhook } from './open.js';
import { settingsSchema } from './settings.js';

/** Posts envelopes, signed, to an HTTPS endpoint. README.md tells what a receiver must do, and what is promised. */
export default defineSink({
  id: 'webhook',
  title: 'Signed HTTP requests (Standard Webhooks)',
  settings: settingsSchema,
  // What lies at the other side is the receiver's. It may get a request twice, with the same id, and has to keep one.
  guarantees: { immutable: false, dedupes: false, inspectable: false },
  open: (settings, context) => openWebhook(settings, context),
});
