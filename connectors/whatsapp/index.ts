import { defineConnector } from 'archway/sdk';
import { parse } from './parse.js';
import { settingsSchema } from './settings.js';

/** WhatsApp, as a device that is linked to a phone. */
export default defineConnector({
  id: 'whatsapp',
  title: 'WhatsApp (linked device)',
  version: '1',
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
    ],
  },
  webhooks: {},
  ownAddresses: () => [],
  parse,
});
