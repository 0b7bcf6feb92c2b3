import { z } from 'zod';
import {
  aliasEventSchema,
  callEventSchema,
  consentEventSchema,
  deletionEventSchema,
  editEventSchema,
  eventAttachmentSchema,
  eventSchema,
  gapEventSchema,
  membershipEventSchema,
  messageEventSchema,
  reactionEventSchema,
  receiptEventSchema,
  recordingEventSchema,
} from './event.js';
import { alertEventSchema, attachmentEventSchema } from './own-event.js';
import { claimedTimeSchema, instantSchema } from './times.js';

/**
 * The envelope: the canonical, versioned form of one record, and what sinks receive. Its *skeleton* names no person
 * and is what the Merkle log commits to; its *content* holds everything personal and can be destroyed, with the
 * salt, without breaking the log. Specified in docs/spec/record.md.
 */

/** HMAC-SHA-256 under the record's salt, lower-case hex. */
const saltedDigestSchema = z.string().regex(/^[0-9a-f]{64}$/);

export const recordKinds = [
  'message',
  'edit',
  'deletion',
  'reaction',
  'receipt',
  'membership',
  'call',
  'recording',
  'consent',
  'gap',
  'alias',
  'attachment',
  'alert',
  'unsupported',
  'conflict',
] as const;

export const provenances = ['webhook', 'session', 'reconciled', 'history', 'internal'] as const;

export const skeletonSchema = z.strictObject({
  version: z.literal(1),
  instance: z.uuid(),
  /** Position in the instance's journal: 1, 2, 3 … without holes. */
  sequence: z.int().positive(),
  /** UUIDv7, given when the record was made. */
  id: z.uuid(),
  kind: z.enum(recordKinds),
  /** Keyed id of the event: equal for every delivery of the same event, says nothing about it without the key. */
  key: z.uuid(),
  /** The `key` of the older record that this one is about: edits, receipts, reactions, deletions. */
  about: z.uuid().optional(),
  /** The connector; `archway` for what the gateway says of itself as a whole. */
  connector: z.string().min(1),
  /** Version of the parser that read the capture. */
  connectorVersion: z.string().min(1),
  /** Absent when the record belongs to no account. */
  account: z.uuid().optional(),
  /** Keyed id of the conversation. */
  conversation: z.uuid().optional(),
  provenance: z.enum(provenances),
  times: z.strictObject({
    /** The provider's claim; absent when it makes none. */
    claimed: claimedTimeSchema.optional(),
    /** When the bytes reached us. */
    received: instantSchema,
    /** When the record was made. */
    recorded: instantSchema,
  }),
  capture: z.strictObject({ id: z.uuid(), digest: saltedDigestSchema }).optional(),
  attachments: z.array(z.strictObject({ id: z.uuid(), digest: saltedDigestSchema.optional() })),
  contentDigest: saltedDigestSchema,
});

/** A person as resolved when the record was made. */
const personSchema = z.strictObject({ id: z.uuid(), name: z.string() });

const people = { custodian: personSchema.optional(), contact: personSchema.optional() };

const attachments = {
  attachments: z.array(eventAttachmentSchema.extend({ id: z.uuid(), sha256: z.string().optional() })),
};

const unsupportedSchema = z.strictObject({
  kind: z.literal('unsupported'),
  reason: z.string(),
  endpoint: z.string(),
});

const conflictSchema = z.strictObject({
  kind: z.literal('conflict'),
  reason: z.string(),
  /** The event that arrived under a key which the journal holds with other content. */
  event: eventSchema,
});

export const contentSchema = z.discriminatedUnion('kind', [
  messageEventSchema.extend({ ...people, ...attachments }),
  editEventSchema.extend({ ...people, ...attachments }),
  deletionEventSchema.extend(people),
  reactionEventSchema.extend(people),
  receiptEventSchema.extend(people),
  membershipEventSchema.extend(people),
  callEventSchema.extend(people),
  recordingEventSchema.extend({ ...people, ...attachments }),
  consentEventSchema.extend(people),
  gapEventSchema.extend(people),
  aliasEventSchema.extend(people),
  attachmentEventSchema.extend(people),
  alertEventSchema,
  unsupportedSchema,
  conflictSchema,
]);

export const envelopeSchema = z.strictObject({
  skeleton: skeletonSchema,
  content: contentSchema,
  /** 32 random bytes, base64; dies with the content. */
  salt: z.string(),
});

export type Skeleton = z.infer<typeof skeletonSchema>;
export type Content = z.infer<typeof contentSchema>;
export type Envelope = z.infer<typeof envelopeSchema>;
export type RecordKind = Skeleton['kind'];
export type Provenance = Skeleton['provenance'];
export type Person = z.infer<typeof personSchema>;
