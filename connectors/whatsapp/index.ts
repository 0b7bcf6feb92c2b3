import { defineConnector } from 'archway/sdk';
import { check } from './check.js';
import { media } from './media.js';
import { parse } from './parse.js';
import { route } from './route.js';
import { send } from './send.js';
import { run } from './session/run.js';
import { settingsSchema } from './settings.js';

/** WhatsApp, as a device that is linked to a phone. */
export default defineConnector({
  id: 'whatsapp',
  title: 'WhatsApp (linked device)',
  version: '3',
  settings: settingsSchema,
  capabilities: {
    events: ['message', 'edit', 'deletion', 'reaction', 'receipt', 'membership', 'call', 'gap', 'alias'],
    gaps: 'detectable',
    blindSpots: [
      'Media that can be seen once is shown on the phone only: the record says that something came, not what.',
      'Of calls only their steps are seen: not what is said, and not how long a call lasts that is taken on the phone.',
      'Calls that the phone itself makes are not announced to linked devices.',
      'What was deleted on the phone before this device was linked, or is older than the history that it hands over, is not seen.',
      'A message that WhatsApp could not deliver to linked devices is known only as a gap until the phone has answered.',
      'Drafts, and messages in chats that are locked away on the phone alone, are not seen.',
      'While the device is not linked, or has not been connected for two weeks, nothing is seen; linking it again brings the history that the phone hands over.',
    ],
    outbound: {
      textLengthMax: 4_096,
      mediaMax: 1,
      replies: true,
      reactions: true,
      idempotent: false,
      bySession: true,
      messagesPerSecond: 0.5,
    },
    linking: ['qr', 'code'],
  },
  webhooks: {},
  ownAddresses: ({ number }) => (number === undefined ? [] : [number]),
  parse,
  check,
  route,
  send,
  media,
  run,
});
