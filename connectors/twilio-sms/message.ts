import type { MessageEvent, Parsed } from 'archway/sdk';
import { conversationOf, type Party, readParty } from '../../providers/twilio/addresses.js';
import { locationNames, pick, pickOthers, presentDetails } from '../../providers/twilio/details.js';
import type { Form } from '../../providers/twilio/form.js';
import { mediaCountOf, readAttachments } from './attachments.js';
import { channelOf, mediumOf } from './channels.js';
import { readConsent } from './consent.js';
import { messageKey, messageSidOf, repliedSidOf } from './ids.js';
import { routingNames } from './routing.js';

const recipientCountMax = 100;

/**
 * Fields that have a place in the event. `ErrorCode` and `ErrorUrl` have none: Twilio adds them when it posts the same
 * message again to a fallback URL, and the same message must read the same however it came.
 */
const placedNames = [
  'From',
  'To',
  'Body',
  'ProfileName',
  'ErrorCode',
  'ErrorUrl',
  ...routingNames,
  ...locationNames,
];

/** Reads an inbound message, with the consent event that it may carry. */
export function readMessage(form: Form): Parsed {
  const messageSid = messageSidOf(form);
  if (messageSid === undefined) return unsupported('MessageSid');
  const from = readParty(form.get('From'), form.get('ProfileName'));
  if (from === undefined) return unsupported('From');
  const to = readParty(form.get('To'));
  if (to === undefined) return unsupported('To');

  const placed = new Set(placedNames);
  const others = readOtherRecipients(form, placed);
  const medium = mediumOf(from, to);
  const text = readText(form);
  const replied = repliedSidOf(form);
  const message: MessageEvent = {
    kind: 'message',
    key: messageKey(messageSid),
    conversation: conversationOf(medium, [to, from, ...others]),
    channel: channelOf(medium, messageSid, mediaCountOf(form)),
    direction: 'inbound',
    from: from.address,
    to: [to, ...others].map((party) => party.address),
    ...(text !== undefined && { text }),
    attachments: readAttachments(form, messageSid, placed),
    ...(replied !== undefined && { replyTo: messageKey(replied) }),
    ...presentDetails({
      routing: pick(form, routingNames),
      location: pick(form, locationNames),
      provider: pickOthers(form, placed),
    }),
  };
  const consent = readConsent(form, message, messageSid);
  return { kind: 'events', events: consent === undefined ? [message] : [message, consent] };
}

function unsupported(name: string): Parsed {
  return { kind: 'unsupported', reason: `an inbound message whose ${name} is missing or not usable` };
}

/** Who else got a group MMS. Twilio sends `OtherRecipients{n}` without documenting it. */
function readOtherRecipients(form: Form, placed: Set<string>): Party[] {
  const others: Party[] = [];
  for (let index = 0; index < recipientCountMax; index++) {
    const party = readParty(form.get(`OtherRecipients${index}`));
    if (party === undefined) break;
    placed.add(`OtherRecipients${index}`);
    others.push(party);
  }
  return others;
}

/** The text, or what stands for it in a message that has none: a shared place, the caption of a tapped button. */
function readText(form: Form): string | undefined {
  return form.get('Body') ?? readSharedPlace(form) ?? form.get('ButtonText') ?? form.raw('Body');
}

/** A place that the sender shared (WhatsApp): its name, its address and `latitude, longitude`, a line each. */
function readSharedPlace(form: Form): string | undefined {
  const latitude = form.get('Latitude');
  const longitude = form.get('Longitude');
  if (latitude === undefined || longitude === undefined) return undefined;
  return [form.get('Label'), form.get('Address'), `${latitude}, ${longitude}`]
    .filter((line) => line !== undefined)
    .join('\n');
}
