import { defineConnector } from 'archway/sdk';
import { retryOptions, verify } from '../../providers/twilio/verify.js';
import { check } from './check.js';
import { mediaRequest } from './media.js';
import { parse } from './parse.js';
import { reconcile } from './reconcile.js';
import { replyToMessage, replyToStatus } from './reply.js';
import { route } from './route.js';
import { send } from './send.js';
import { ownAddressesOf, settingsSchema } from './settings.js';

/** SMS and MMS by Twilio, and WhatsApp and RCS senders that Twilio hosts. */
export default defineConnector({
  id: 'twilio-sms',
  title: 'Twilio Programmable Messaging',
  version: '3',
  settings: settingsSchema,
  capabilities: {
    events: ['message', 'receipt', 'consent', 'gap'],
    gaps: 'recoverable',
    listedDays: 400,
    blindSpots: [
      'Messages that arrive while this gateway cannot be reached are listed afterwards, for as long as Twilio keeps them: 400 days, or fewer where its settings say so. A message that was deleted at Twilio before is not listed.',
      'Messages that other systems send from these numbers, and messages whose webhook points elsewhere, are captured only when they are listed, within a day; what was redacted at Twilio by then cannot be recovered.',
      'A message found by listing tells less than its webhook: no consent, no reply reference, no name of the sender, and of a group message one recipient only.',
      'A message that Twilio gave up before it chose a sender for it is not captured.',
      'Opt-outs that a carrier handles by itself, and opt-out words where Twilio’s opt-out handling is switched off, make no consent record; the message with the word is captured where Twilio delivers it.',
      'Text, numbers and media that Twilio redacts or deletes before delivery cannot be recovered.',
      'The members of a group MMS are known only as far as Twilio names them, and group messages that Twilio blocks are not seen.',
      'Edits, deletions and reactions that people make on WhatsApp and RCS are not reported by Twilio as such.',
      'The carrier’s and Twilio’s changes to a text on its way, such as shortened links or replaced characters, are not seen.',
      'When a message was written is not reported by Twilio; only the time of receipt is known.',
    ],
    outbound: { textLengthMax: 1_600, mediaMax: 10, idempotent: false, messagesPerSecond: 1 },
  },
  webhooks: {
    messages: {
      purpose:
        'In Twilio, at the number, messaging service or WhatsApp sender: “A message comes in”, HTTP POST.',
      verify,
      reply: replyToMessage,
    },
    status: {
      purpose: 'In Twilio, at the messaging service or WhatsApp sender: “Status callback URL”, HTTP POST.',
      verify,
      reply: replyToStatus,
    },
  },
  webhookUrlSuffix: retryOptions,
  ownAddresses: ownAddressesOf,
  parse,
  route,
  send,
  messagesPerSecond: (settings) => settings.messagesPerSecond,
  reconcile,
  check,
  media: mediaRequest,
});
