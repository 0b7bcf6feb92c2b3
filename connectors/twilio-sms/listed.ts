import {
  type Capture,
  type CommunicationEvent,
  type EventAttachment,
  type MessageEvent,
  type Parsed,
  type ReceiptEvent,
  readJson,
  z,
} from 'archway/sdk';
import { conversationOf, readParty } from '../../providers/twilio/addresses.js';
import { presentMembers } from '../../providers/twilio/details.js';
import { errorOf } from '../../providers/twilio/errors.js';
import { sid } from '../../providers/twilio/ids.js';
import { secondsOf } from '../../providers/twilio/lists.js';
import { channelOf, mediumOf } from './channels.js';
import { messageKey } from './ids.js';
import { statusOf } from './receipt.js';

/** The endpoint of captures that hold a message as Twilio's API lists it. No webhook has this name. */
export const listedEndpoint = 'listed-message';

const text = z.string().nullish();

/** Of Twilio's API description: `api.v2010.account.message`. */
const messageSchema = z.looseObject({
  sid: z.string(),
  direction: z.string(),
  status: z.string(),
  from: text,
  to: text,
  body: text,
  num_media: text,
  num_segments: text,
  date_sent: text,
  date_created: text,
  error_code: z.number().nullish(),
  error_message: text,
  account_sid: text,
  messaging_service_sid: text,
  api_version: text,
  uri: text,
});

const mediaSchema = z.looseObject({ uri: text, content_type: text });

const listedSchema = z.object({ message: messageSchema, media: z.array(mediaSchema).max(1_000) });

type ListedMessage = z.infer<typeof messageSchema>;
type ListedMedia = z.infer<typeof mediaSchema>;

const mediaCountMax = 100;
const contentTypeLengthMax = 255;

/**
 * Reads a message that Twilio's API listed: the message under the key that its webhook has, the status that it has
 * reached, and a gap where Twilio has no content of it any more.
 */
export function readListed(capture: Capture): Parsed {
  const listed = listedSchema.safeParse(readJson(capture.body));
  if (!listed.success) return unsupported('a listed message of an unknown form');
  const { message, media } = listed.data;
  const messageSid = sid(message.sid);
  if (messageSid === undefined) return unsupported('a listed message whose sid is not usable');
  const event = readMessage(message, messageSid, attachmentsOf(capture, message, media, messageSid));
  if (event === undefined) return unsupported('a listed message whose sender or recipient is missing');
  const receipt = readReceipt(message, messageSid, event);
  const events: CommunicationEvent[] = [event];
  if (receipt !== undefined) events.push(receipt);
  if (event.text === undefined && event.attachments.length === 0) events.push(contentGap(event, messageSid));
  return { kind: 'events', events };
}

function unsupported(reason: string): Parsed {
  return { kind: 'unsupported', reason };
}

function readMessage(
  message: ListedMessage,
  messageSid: string,
  attachments: EventAttachment[],
): MessageEvent | undefined {
  const from = readParty(message.from ?? undefined);
  const to = readParty(message.to ?? undefined);
  if (from === undefined || to === undefined) return undefined;
  const medium = mediumOf(from, to);
  const sentAt = secondsOf(message.date_sent ?? message.date_created);
  return {
    kind: 'message',
    key: messageKey(messageSid),
    conversation: conversationOf(medium, [to, from]),
    channel: channelOf(medium, messageSid, attachments.length),
    ...(sentAt !== undefined && { occurredAt: { at: sentAt, granularity: 'second' } }),
    direction: message.direction === 'inbound' ? 'inbound' : 'outbound',
    from: from.address,
    to: [to.address],
    ...(message.body && { text: message.body }),
    attachments,
    routing: presentMembers({
      AccountSid: message.account_sid,
      ApiVersion: message.api_version,
      MessagingServiceSid: message.messaging_service_sid,
      NumSegments: message.num_segments,
    }),
    provider: presentMembers({
      MessageSid: messageSid,
      NumMedia: message.num_media,
      direction: message.direction,
      status: message.status,
      date_created: message.date_created,
      date_sent: message.date_sent,
    }),
  };
}

/**
 * The status of what was sent. Its key holds the status alone, so that listing a message again adds nothing. An inbound
 * message has been received: that is no news. A status that is not known stays under the message's `provider`.
 */
function readReceipt(
  message: ListedMessage,
  messageSid: string,
  event: MessageEvent,
): ReceiptEvent | undefined {
  const status = statusOf(message.status);
  if (status === undefined) return undefined;
  if (event.direction === 'inbound' && status === 'received') return undefined;
  const { channel, conversation, from, to } = event;
  const { error_code: code, error_message: said } = message;
  return {
    kind: 'receipt',
    key: `receipt/${messageSid}/${status}/listed`,
    about: event.key,
    ...(conversation !== undefined && { conversation }),
    channel,
    status,
    from,
    to,
    ...(typeof code === 'number' && { error: errorOf(String(code), said ?? undefined) }),
  };
}

/** A message without text and media: Twilio empties it when it redacts it. */
function contentGap(event: MessageEvent, messageSid: string): CommunicationEvent {
  return {
    kind: 'gap',
    key: `gap/content/${messageSid}`,
    about: event.key,
    ...(event.conversation !== undefined && { conversation: event.conversation }),
    channel: event.channel,
    state: 'open',
    reason: 'content-unavailable',
    detail:
      'Twilio lists this message without text and media: it was redacted or deleted there, or it never had any.',
  };
}

/**
 * Each attachment that Twilio lists, and one without a reference for each that the message counts beyond those: its
 * absence is on record. The reference is the URL that the webhook gives.
 */
function attachmentsOf(
  capture: Capture,
  message: ListedMessage,
  media: readonly ListedMedia[],
  messageSid: string,
): EventAttachment[] {
  const counted = /^\d{1,9}$/.test(message.num_media ?? '') ? Number(message.num_media) : 0;
  const count = Math.min(Math.max(counted, media.length), mediaCountMax);
  return Array.from({ length: count }, (_, index) => {
    const { uri, content_type: contentType } = media[index] ?? {};
    const path = uri?.replace(/\.json$/, '');
    const reference = path && URL.canParse(path, capture.url) ? new URL(path, capture.url).href : undefined;
    return {
      key: `media/${messageSid}/${index}`,
      ...(reference !== undefined && { reference }),
      ...(contentType && contentType.length <= contentTypeLengthMax && { contentType }),
    };
  });
}
