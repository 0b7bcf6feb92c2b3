import { z } from 'zod';
import {
  eventAttachmentSchema,
  keySchema,
  messageEventSchema,
  otherEventSchemas,
  sharedEventFields,
  soundFields,
} from './event.js';
import { instantSchema } from './times.js';

/**
 * What the gateway itself has to say: kinds that no connector returns from `parse`, because they tell of the gateway's own
 * doing. They become records like everything else, and reach the sinks.
 */

/** The bytes of something that a message points to were fetched and kept. That they cannot be had is a `gap`. */
export const attachmentEventSchema = z.strictObject({
  kind: z.literal('attachment'),
  ...sharedEventFields,
  /** Key of the message, edit or recording that points to it. */
  about: keySchema,
  /** Id of the attachment, as the record that points to it names it. */
  attachment: z.uuid(),
  /** As the provider named it when the bytes were fetched. */
  contentType: z.string().max(255).optional(),
  byteLength: z.int().nonnegative(),
  /** SHA-256 of the bytes, lower-case hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** As the record that points to it says. */
  ...soundFields,
});

/** Something that a person must know or act on: a sink is down, an account is silent. Opened once, closed once. */
export const alertEventSchema = z.strictObject({
  kind: z.literal('alert'),
  ...sharedEventFields,
  /** Key of the opening, on the closing. */
  about: keySchema.optional(),
  state: z.enum(['open', 'closed']),
  /** A short code that a program can act on: `sink-down`, `dead-letters`, `spool-waiting`, `account-silent`. */
  reason: z.string().min(1).max(100),
  /** Id of the sink or account that it is about; absent for the whole gateway. */
  subject: z.string().max(100).optional(),
  /** A sentence for a person. */
  detail: z.string().max(4_000),
  since: instantSchema.optional(),
  until: instantSchema.optional(),
});

/**
 * A message that the gateway sends. The bytes of its attachments are kept already: `reference` is then `blob:` and their
 * id in the blob store.
 */
const ownMessageEventSchema = messageEventSchema.extend({
  attachments: z.array(eventAttachmentSchema.extend({ sha256: z.string().optional() })).max(1_000),
});

export const ownEventSchema = z.discriminatedUnion('kind', [
  ownMessageEventSchema,
  ...otherEventSchemas,
  attachmentEventSchema,
  alertEventSchema,
]);

export type AttachmentEvent = z.infer<typeof attachmentEventSchema>;
export type AlertEvent = z.infer<typeof alertEventSchema>;
export type OwnEvent = z.infer<typeof ownEventSchema>;
