import { defineConnector } from 'archway/sdk';
import { readParty } from './addresses.js';
import { mediaRequest } from './media.js';
import { parse } from './parse.js';
import { replyToMessage, replyToStatus } from './reply.js';
import { settingsSchema } from './settings.js';
import { retryOptions, verify } from './verify.js';

/** SMS and MMS by Twilio, and WhatsApp and RCS senders that Twilio hosts. */
export default defineConnector({
  id: 'twilio-sms',
  title: 'Twilio Programmable Messaging',
  version: '1',
  settings: settingsSchema,
  capabilities: {
    events: ['message', 'receipt', 'consent'],
    gaps: 'undetectable',
    blindSpots: [
      'Messages that arrive while this gateway cannot be reached for longer than Twilio retries (15 seconds) are not captured, and this version does not ask Twilio for them afterwards.',
      'What the firm sends is not captured: of a message sent from the Twilio console or by another system at most its delivery status is seen, and only if that system names this status URL.',
      'Messages to a number or messaging service whose webhook at Twilio points elsewhere are not captured.',
      'Opt-outs that a carrier handles by itself, and opt-out words where Twilio’s opt-out handling is switched off, make no consent record; the message with the word is captured where Twilio delivers it.',
      'Text, numbers and media that Twilio redacts or deletes before delivery cannot be recovered.',
      'The members of a group MMS are known only as far as Twilio names them, and group messages that Twilio blocks are not seen.',
      'Edits, deletions and reactions that people make on WhatsApp and RCS are not reported by Twilio as such.',
      'When a message was written is not reported by Twilio; only the time of receipt is known.',
    ],
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
  ownAddresses(settings) {
    const values = settings.numbers.map((sender) => readParty(sender)?.address.value);
    return [...new Set(values.filter((value) => value !== undefined))];
  },
  parse,
  media: mediaRequest,
});
