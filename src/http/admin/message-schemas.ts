import { z } from '@hono/zod-openapi';
import { failureKinds, instantSchema, receiptStatuses, recordKinds } from '../../sdk/index.js';
import { personSchema } from './schemas.js';

/** The message object: people script against it, so its keys stay as they are. */

export const attachmentSchema = z
  .object({
    id: z.uuid(),
    contentType: z.string().nullable(),
    byteLength: z.int().nonnegative().nullable(),
    sha256: z.string().nullable(),
    durationSeconds: z.int().nonnegative().nullable().openapi({
      description:
        'How long sound or film lasts, as far as the provider says, or the sender by it; not measured here.',
    }),
    state: z.enum(['referenced', 'stored', 'gone']).openapi({
      description:
        'referenced: known, and its bytes were not fetched, or not yet; stored: they are kept; gone: they cannot be had.',
    }),
  })
  .openapi('Attachment');

const message = z.object({
  id: z.uuid(),
  kind: z.literal('message'),
  direction: z.enum(['inbound', 'outbound']),
  connector: z.string(),
  account: z.uuid(),
  conversation: z.uuid(),
  from: z.string().nullable().openapi({ description: 'As the provider wrote it; null once erased.' }),
  to: z.array(z.string()),
  text: z.string().nullable(),
  status: z.enum(receiptStatuses).nullable(),
  sentAt: instantSchema.nullable().openapi({ description: 'What the provider claims.' }),
  receivedAt: instantSchema,
  recordedAt: instantSchema,
  attachments: z.array(attachmentSchema),
  custodian: personSchema.nullable(),
  contact: personSchema.nullable(),
  custodianNow: personSchema.nullable().openapi({
    description:
      'Whose the addresses were at that time, as far as is known today; `custodian` is what was known when it was recorded.',
  }),
  contactNow: personSchema.nullable(),
  erased: z.literal(true).optional().openapi({ description: 'Present when the content was destroyed.' }),
});

export const messageSchema = message.openapi('Message');

export const historyEntrySchema = z
  .object({
    sequence: z.int().positive(),
    id: z.uuid(),
    kind: z.enum(recordKinds),
    recordedAt: instantSchema,
    receivedAt: instantSchema,
    occurredAt: instantSchema.nullable().openapi({ description: 'What the provider claims.' }),
    custodian: personSchema.nullable().openapi({ description: 'As resolved when it was recorded.' }),
    contact: personSchema.nullable(),
    from: z.string().nullable().optional(),
    text: z
      .string()
      .nullable()
      .optional()
      .openapi({ description: 'Messages, edits, conflicts: what it says.' }),
    status: z.string().optional().openapi({ description: 'Receipts, calls, recordings.' }),
    error: z
      .object({ code: z.string(), message: z.string().nullable() })
      .nullable()
      .optional()
      .openapi({ description: 'Receipts: why the provider could not deliver.' }),
    emoji: z.string().nullable().optional().openapi({ description: 'Reactions; null when taken back.' }),
    action: z.string().optional().openapi({ description: 'Consent, membership.' }),
    state: z.string().optional().openapi({ description: 'Gaps: open or closed.' }),
    reason: z.string().optional().openapi({ description: 'Gaps, conflicts, unsupported.' }),
    detail: z.string().optional(),
    erased: z.literal(true).optional(),
  })
  .openapi('HistoryEntry');

const deliverySchema = z
  .object({
    sink: z.object({ id: z.uuid(), name: z.string().nullable(), type: z.string().nullable() }),
    state: z.enum(['pending', 'delivered', 'dead']),
    attempts: z.int().nonnegative(),
    evidence: z
      .object({
        locator: z.string(),
        sha256: z.string(),
        storedAt: instantSchema,
        retainedUntil: instantSchema.nullable(),
      })
      .nullable(),
    failureKind: z.enum(failureKinds).nullable(),
    failure: z.string().nullable(),
  })
  .openapi('Delivery');

export const messageDetailSchema = message
  .extend({
    history: z
      .array(historyEntrySchema)
      .openapi({ description: 'The message and everything about it, in the order of the journal.' }),
    deliveries: z.array(deliverySchema),
  })
  .openapi('MessageDetail');
