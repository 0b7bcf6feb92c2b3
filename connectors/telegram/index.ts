import { defineConnector } from 'archway/sdk';
import { check } from './check.js';
import { mediaRequest } from './media.js';
import { parse } from './parse.js';
import { route } from './route.js';
import { send, textLengthMax } from './send.js';
import { run } from './session.js';
import { botIdOf, settingsSchema } from './settings.js';
import { verify } from './verify.js';

/** Telegram: what a bot sees, and the chats of business accounts that are connected to it. */
export default defineConnector({
  id: 'telegram',
  title: 'Telegram bots and business accounts',
  version: '4',
  settings: settingsSchema,
  capabilities: {
    events: ['message', 'edit', 'deletion', 'reaction', 'membership', 'alias'],
    gaps: 'undetectable',
    // Telegram allows about 30 a second over all chats, and one in each; the throttler sees to the second.
    outbound: {
      textLengthMax,
      mediaMax: 10,
      replies: true,
      reactions: true,
      idempotent: false,
      messagesPerSecond: 25,
    },
    blindSpots: [
      'Telegram keeps updates for about 24 hours: what arrives while the gateway cannot be reached for longer is lost.',
      'Deletions are reported for business accounts only; in other chats a deleted message stays on record as it was, and its deletion is not seen.',
      'In groups a bot sees only messages to itself unless it is an administrator or its privacy mode is off.',
      'Secret chats, calls, and chats that the owner of a business account has excluded are not seen.',
      'Reactions are reported only where the bot is an administrator; counts of anonymous reactions name nobody.',
      'Whether a message was delivered or read is not reported.',
      'Files over 20 MB cannot be fetched from Telegram’s own server: they leave a gap with their id and size.',
      'What a bot sends by another program with the same token is not reported.',
    ],
  },
  webhooks: {
    updates: {
      purpose: 'Given to Telegram by setWebhook, with the secret token. Nothing has to be pasted by hand.',
      verify,
    },
  },
  webhooksInUse: ({ mode }) => (mode === 'webhook' ? ['updates'] : []),
  ownAddresses: (settings) => [botIdOf(settings)],
  parse,
  route,
  send,
  media: mediaRequest,
  check,
  run,
});
