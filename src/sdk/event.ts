import { z } from 'zod';
import { addressSchema } from './address.js';
import { claimedTimeSchema, instantSchema } from './times.js';

/**
 * What `parse` returns: one thing that happened, in the field's terms, still without the ids, times and people
 * that the pipeline adds when it becomes a record (see envelope.ts).
 */

/** A key: unique for one event within its account, built from the provider's ids, equal on every redelivery. */
export const keySchema = z.string().min(1).max(500);

const routingSchema = z.record(z.string().max(100), z.string().max(2_000));

export const sharedEventFields = {
  key: keySchema,
  /** The provider's own scope of a conversation within the account, in clear; the record holds a keyed id of it. */
  conversation: z.string().min(1).max(1_000).optional(),
  /** The medium as users know it: `sms`, `mms`, `whatsapp`, `telegram`, `voice`. */
  channel: z.string().min(1).max(50),
  occurredAt: claimedTimeSchema.optional(),
  /** How it travelled: messaging service, segments, carrier, trunk, forwarding, SIP code, STIR/SHAKEN verdict. */
  routing: routingSchema.optional(),
  /** Where the parties were, as the channel tells. Dropped unless the instance turns it on. */
  location: routingSchema.optional(),
  /** On what device it was written. Dropped unless the instance turns it on. */
  device: routingSchema.optional(),
  /** The provider's own ids and fields that have no place above, as received. */
  provider: routingSchema.optional(),
};

/**
 * What a provider says of bytes that are heard or seen, or the sender by it: how long they last, and on how many channels of
 * sound. A claim: nobody here has listened.
 */
export const soundFields = {
  durationSeconds: z.int().nonnegative().optional(),
  channels: z.int().positive().optional(),
};

/** Something that a message points to. `reference` is what the connector needs to fetch the bytes later. */
export const eventAttachmentSchema = z.strictObject({
  key: keySchema,
  reference: z.string().min(1).max(4_000).optional(),
  name: z.string().max(1_000).optional(),
  contentType: z.string().max(255).optional(),
  byteLength: z.int().nonnegative().optional(),
  ...soundFields,
});

const about = { about: keySchema };
const parties = { from: addressSchema, to: z.array(addressSchema).max(1_000) };
/** Why it did not come to pass, as the provider says, or we where we did not try. */
const errorSchema = z.strictObject({ code: z.string().max(100), message: z.string().max(2_000).optional() });
const directionSchema = z.enum(['inbound', 'outbound']);

export const messageEventSchema = z.strictObject({
  kind: z.literal('message'),
  ...sharedEventFields,
  ...parties,
  direction: directionSchema,
  text: z.string().optional(),
  attachments: z.array(eventAttachmentSchema).max(1_000),
  /** Key of the message that this one answers. */
  replyTo: keySchema.optional(),
  forwardedFrom: z.string().max(1_000).optional(),
});

export const editEventSchema = z.strictObject({
  kind: z.literal('edit'),
  ...sharedEventFields,
  ...about,
  from: addressSchema.optional(),
  text: z.string().optional(),
  attachments: z.array(eventAttachmentSchema).max(1_000),
});

export const deletionEventSchema = z.strictObject({
  kind: z.literal('deletion'),
  ...sharedEventFields,
  ...about,
  from: addressSchema.optional(),
});

export const reactionEventSchema = z.strictObject({
  kind: z.literal('reaction'),
  ...sharedEventFields,
  ...about,
  from: addressSchema,
  /** Null when the reaction was taken back. */
  emoji: z.string().max(200).nullable(),
});

/**
 * Every step that a provider may report, or the gateway about its own sending (`requested`, `indeterminate`: no answer,
 * it may have arrived; `refused` by the gateway's policy, `rejected` by the provider). Lowest rank first; of several, the
 * highest is the status.
 */
export const receiptStatuses = [
  'requested',
  'indeterminate',
  'scheduled',
  'accepted',
  'queued',
  'receiving',
  'received',
  'sending',
  'sent',
  'canceled',
  'refused',
  'rejected',
  'undelivered',
  'failed',
  'partially-delivered',
  'delivered',
  'read',
] as const;

export const receiptEventSchema = z.strictObject({
  kind: z.literal('receipt'),
  ...sharedEventFields,
  ...about,
  status: z.enum(receiptStatuses),
  from: addressSchema.optional(),
  to: z.array(addressSchema).max(1_000).optional(),
  error: errorSchema.optional(),
});

export const membershipEventSchema = z.strictObject({
  kind: z.literal('membership'),
  ...sharedEventFields,
  action: z.enum(['joined', 'left', 'added', 'removed', 'promoted', 'demoted', 'renamed', 'created']),
  by: addressSchema.optional(),
  members: z.array(addressSchema).max(10_000),
  title: z.string().max(1_000).optional(),
});

/**
 * Every step that a leg may be at, least known first: of several, the last in this list is the status of the leg.
 *
 * The first five are the gateway's own, for a call that it was asked to make. `busy`: also turned down by the one who was
 * called. `failed`: it could not be set up. `canceled`: the caller gave up, or nobody wanted it any more.
 */
export const callStatuses = [
  'requested',
  'indeterminate',
  'accepted',
  'refused',
  'rejected',
  'queued',
  'initiated',
  'ringing',
  'in-progress',
  'canceled',
  'no-answer',
  'busy',
  'failed',
  'completed',
] as const;

/** Who or what took a leg: `gateway` is the provider's own script, such as the one that says the notice. */
export const answerers = ['person', 'machine', 'gateway'] as const;

/**
 * One thing about one leg of a call: a call is told by as many of these as there is news of it, in any order, and nothing is
 * ever changed; the call log folds them (docs/spec/record.md).
 */
export const callEventSchema = z.strictObject({
  kind: z.literal('call'),
  ...sharedEventFields,
  /** The numbers of this leg. `conversation` only where they are the two who talk, not on a leg that fetches the custodian. */
  ...parties,
  /** Of the whole call, as its custodian sees it. */
  direction: directionSchema,
  /** Key of the leg that this tells of, where more than one event does; else the event's own key stands for the leg. */
  about: keySchema.optional(),
  /** Key of the leg that made this one, as `about` of its events. */
  parent: keySchema.optional(),
  status: z.enum(callStatuses),
  /** Place of this event among those of its leg, as the provider counts them. */
  providerSequence: z.int().nonnegative().optional(),
  /** As the network gave it for the caller; nobody has checked it. */
  callerName: z.string().max(1_000).optional(),
  answeredBy: z.enum(answerers).optional(),
  forwardedFrom: addressSchema.optional(),
  /** Where else it is to ring. What rings in fact has a leg of its own. */
  forwardedTo: z.array(addressSchema).max(100).optional(),
  startedAt: instantSchema.optional(),
  answeredAt: instantSchema.optional(),
  endedAt: instantSchema.optional(),
  /** From answer to end of this leg. */
  durationSeconds: z.int().nonnegative().optional(),
  error: errorSchema.optional(),
});

/** `absent`: the provider has none after all, such as of a call that was too short. */
export const recordingStatuses = ['in-progress', 'completed', 'absent', 'failed'] as const;

/** One thing about one recording of a call; the attachment is there from `completed` on. */
export const recordingEventSchema = z.strictObject({
  kind: z.literal('recording'),
  ...sharedEventFields,
  /** Key of the leg that was recorded. */
  ...about,
  status: z.enum(recordingStatuses),
  /** What somebody left who reached nobody. */
  voicemail: z.boolean().optional(),
  startedAt: instantSchema.optional(),
  ...soundFields,
  attachments: z.array(eventAttachmentSchema).max(100),
});

export const consentEventSchema = z.strictObject({
  kind: z.literal('consent'),
  ...sharedEventFields,
  action: z.enum(['opt-out', 'opt-in', 'help']),
  /** Who gave or withdrew consent, and toward which of our addresses. */
  from: addressSchema,
  to: z.array(addressSchema).max(100),
  /** Key of the message that said so. */
  about: keySchema.optional(),
});

export const gapEventSchema = z.strictObject({
  kind: z.literal('gap'),
  ...sharedEventFields,
  about: keySchema.optional(),
  state: z.enum(['open', 'closed']),
  /** A short code that a program can act on: `quarantined`, `media-unavailable`, `outage`. */
  reason: z.string().min(1).max(100),
  /** A sentence for a person. */
  detail: z.string().max(4_000),
  since: instantSchema.optional(),
  until: instantSchema.optional(),
});

/**
 * The provider says that two addresses are one end of it, such as a phone number and the id that hides it. From then on
 * whoever has the one has the other: no record is changed, and identities count for both. Two of these may contradict each
 * other; the later one counts for what comes after it.
 */
export const aliasEventSchema = z.strictObject({
  kind: z.literal('alias'),
  ...sharedEventFields,
  /** The address that the end is known by where it can be, such as its phone number. */
  address: addressSchema,
  alias: addressSchema,
  /** The scope under which this conversation was known before, where the provider has moved it. */
  formerConversation: z.string().min(1).max(1_000).optional(),
});

/** Every kind but the message, which the gateway's own events have in a form of their own. */
export const otherEventSchemas = [
  editEventSchema,
  deletionEventSchema,
  reactionEventSchema,
  receiptEventSchema,
  membershipEventSchema,
  callEventSchema,
  recordingEventSchema,
  consentEventSchema,
  gapEventSchema,
  aliasEventSchema,
] as const;

export const eventSchema = z.discriminatedUnion('kind', [messageEventSchema, ...otherEventSchemas]);

export type CommunicationEvent = z.infer<typeof eventSchema>;
export type EventKind = CommunicationEvent['kind'];
export type MessageEvent = z.infer<typeof messageEventSchema>;
export type ReceiptEvent = z.infer<typeof receiptEventSchema>;
export type ReceiptStatus = ReceiptEvent['status'];
export type CallEvent = z.infer<typeof callEventSchema>;
export type CallStatus = CallEvent['status'];
export type RecordingEvent = z.infer<typeof recordingEventSchema>;
export type AliasEvent = z.infer<typeof aliasEventSchema>;
export type Direction = z.infer<typeof directionSchema>;
export type EventAttachment = z.infer<typeof eventAttachmentSchema>;
