import { outboundKey, type Parsed, type ReceiptEvent, type ReceiptStatus } from 'archway/sdk';
import { conversationOf, readParty } from '../../providers/twilio/addresses.js';
import { locationNames, pick, pickOthers, presentDetails } from '../../providers/twilio/details.js';
import { nameWord, readError } from '../../providers/twilio/errors.js';
import { fingerprint } from '../../providers/twilio/fingerprint.js';
import type { Form } from '../../providers/twilio/form.js';
import { channelOf, mediumOf } from './channels.js';
import { messageKey, messageSidOf } from './ids.js';
import { routingNames } from './routing.js';

/** Source: https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
const statuses = new Map<string, ReceiptStatus>([
  ['accepted', 'accepted'],
  ['scheduled', 'scheduled'],
  ['canceled', 'canceled'],
  ['queued', 'queued'],
  ['sending', 'sending'],
  ['sent', 'sent'],
  ['failed', 'failed'],
  ['delivered', 'delivered'],
  ['undelivered', 'undelivered'],
  ['partially_delivered', 'partially-delivered'],
  ['receiving', 'receiving'],
  ['received', 'received'],
  ['read', 'read'],
]);

/** Undefined for a word that is none of Twilio's statuses. */
export function statusOf(claimed: string): ReceiptStatus | undefined {
  return statuses.get(claimed.toLowerCase());
}

const placedNames = ['From', 'To', 'MessageStatus', 'ErrorCode', ...routingNames, ...locationNames];

/**
 * Reads a status callback. No time is claimed: Twilio gives none but `RawDlrDoneDate`, a carrier's wall clock without its
 * time zone, which stays in `provider`.
 *
 * @param ownMessage id of the message that we asked Twilio to send: it is known by that before Twilio has told us its own,
 * and the status shows that both are one.
 */
export function readReceipt(form: Form, ownMessage?: string): Parsed {
  const messageSid = messageSidOf(form);
  if (messageSid === undefined) return unsupported('a status whose MessageSid is missing or not usable');
  const claimed = form.get('MessageStatus') ?? form.get('SmsStatus') ?? '';
  const status = statusOf(claimed);
  if (status === undefined) return unsupported(`the message status ${nameWord(claimed)} is not known`);

  const placed = new Set(placedNames);
  const error = readError(form, placed);
  const from = readParty(form.get('From'));
  const to = readParty(form.get('To'));
  const medium = mediumOf(from, to);
  const receipt: ReceiptEvent = {
    kind: 'receipt',
    // Twilio reports a status more than once, at times with other fields: each such report is a receipt of its own.
    key: ['receipt', messageSid, status, fingerprint(form)].join('/'),
    about: ownMessage === undefined ? messageKey(messageSid) : outboundKey(ownMessage),
    ...(from !== undefined && to !== undefined && { conversation: conversationOf(medium, [from, to]) }),
    channel: channelOf(medium, messageSid),
    status,
    ...(from !== undefined && { from: from.address }),
    ...(to !== undefined && { to: [to.address] }),
    ...(error !== undefined && { error }),
    ...presentDetails({
      routing: pick(form, routingNames),
      location: pick(form, locationNames),
      provider: pickOthers(form, placed),
    }),
  };
  if (ownMessage === undefined) return { kind: 'events', events: [receipt] };
  const alias = { alias: messageKey(messageSid), key: outboundKey(ownMessage) };
  return { kind: 'events', events: [receipt], aliases: [alias] };
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}
