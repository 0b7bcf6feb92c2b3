import { defineConnector, type WebhookEndpoint } from 'archway/sdk';
import { retryOptions, verify } from '../../providers/twilio/verify.js';
import { call, routeCall } from './call.js';
import { check } from './check.js';
import { mediaRequest } from './media.js';
import { parse } from './parse.js';
import { reconcile } from './reconcile.js';
import { startRecording } from './recording-start.js';
import { recordings } from './recordings.js';
import {
  nothing,
  replyToConnect,
  replyToDial,
  replyToNotice,
  replyToNumber,
  replyToVoicemail,
} from './reply.js';
import { ownAddressesOf, settingsSchema, type VoiceSettings } from './settings.js';

const ownUse = 'Nothing to paste: this gateway gives it to Twilio itself';

const webhook = (
  purpose: string,
  reply: (
    capture: Parameters<typeof replyToNumber>[0],
    settings: VoiceSettings,
  ) => ReturnType<typeof nothing>,
): WebhookEndpoint<VoiceSettings> => ({ purpose, verify, reply });

/** Calls at a number of Twilio's: notice, forwarding, recording, voicemail, and calls that are made from it. */
export default defineConnector({
  id: 'twilio-voice',
  title: 'Twilio Programmable Voice',
  version: '2',
  settings: settingsSchema,
  capabilities: {
    events: ['call', 'recording'],
    gaps: 'recoverable',
    listedDays: 390,
    blindSpots: [
      'Calls that come in while this gateway cannot be reached are not forwarded and not recorded: the caller hears Twilio’s error message. That they came is listed afterwards.',
      'Calls that the custodian makes or takes on his own phone, without this number, are not seen.',
      'A call that is made from this number by another system is captured only when it is listed, within a day, and its recording only where that system had it recorded by Twilio.',
      'What is said before the recording starts is not recorded: while the notice is played, and while it rings.',
      'A call that is forwarded on by the custodian’s phone, or that ends at his mobile voicemail, counts as taken by him.',
      'Who was on the line is known by numbers only; a caller who withholds his number is known as what the carrier puts in its place.',
      'Where the caller’s number was forged, the STIR/SHAKEN verdict says so at best for calls in networks that sign.',
      'Recordings that Twilio moves to a storage of the customer’s own, or encrypts with his key, are not fetched.',
      'Recordings deleted at Twilio before they were fetched cannot be recovered.',
      'Keys that are pressed during a call are not reported.',
    ],
    calls: { idempotent: false, callsPerSecond: 1 },
  },
  webhooks: {
    voice: webhook('In Twilio, at the number: “A call comes in”, webhook, HTTP POST.', replyToNumber),
    status: webhook('In Twilio, at the number: “Call status changes”, HTTP POST.', replyToNumber),
    dial: webhook(`${ownUse}, to be told how the forwarding went.`, replyToDial),
    notice: webhook(`${ownUse}, to play the notice to the one who is called.`, replyToNotice),
    connect: {
      ...webhook(`${ownUse}, to start the recording once the notice is over.`, replyToConnect),
      beforeReply: startRecording,
    },
    voicemail: webhook(`${ownUse}, to be told that a message was left.`, replyToVoicemail),
    recording: webhook(`${ownUse}, to be told of recordings.`, nothing),
  },
  webhookUrlSuffix: retryOptions,
  ownAddresses: ownAddressesOf,
  parse,
  routeCall,
  call,
  recordsCalls: () => true,
  recordings,
  reconcile,
  media: mediaRequest,
  check,
});
