import { z } from '@hono/zod-openapi';
import { callOutcomes } from '../../core/call-fold.js';
import { callStatuses, instantSchema } from '../../sdk/index.js';
import { attachmentSchema, historyEntrySchema } from './message-schemas.js';
import { personSchema } from './schemas.js';

/** The call object: people script against it, so its keys stay as they are. */

const seconds = z.int().nonnegative().nullable();

const recordingSchema = attachmentSchema
  .extend({ durationSeconds: seconds, channels: z.int().positive().nullable() })
  .openapi('CallRecording');

const routingSchema = z.record(z.string(), z.string());

export const outcomeSchema = z.enum(callOutcomes).openapi({
  description:
    'answered: and over; in-progress: people talk; voicemail: nobody took it and something was left; canceled: the caller gave up, or nobody was rung. requested, indeterminate, accepted, refused, rejected: how far a call got that the gateway was asked to make.',
});

const call = z.object({
  id: z.uuid(),
  direction: z.enum(['inbound', 'outbound']),
  connector: z.string(),
  account: z.uuid(),
  conversation: z.uuid(),
  from: z.string().nullable().openapi({ description: 'As the provider wrote it; null once erased.' }),
  to: z.string().nullable(),
  forwardedTo: z.array(z.string()).openapi({
    description: 'Where else it rang, or was to ring: of an outbound call, where the custodian was fetched.',
  }),
  forwardedFrom: z.string().nullable(),
  outcome: outcomeSchema,
  startedAt: instantSchema
    .nullable()
    .openapi({ description: 'What the provider claims, as all times here.' }),
  answeredAt: instantSchema.nullable().openapi({ description: 'When the one who was called took it.' }),
  endedAt: instantSchema.nullable(),
  ringSeconds: seconds.openapi({ description: 'Until somebody took it, or until it rang no more.' }),
  talkSeconds: seconds.openapi({ description: '0 where nobody took it.' }),
  routing: routingSchema.openapi({
    description:
      'Of all legs: SIP code, trunk, callerName, answeredBy, STIR/SHAKEN verdict; the first leg before the others.',
  }),
  recordings: z.array(recordingSchema),
  custodian: personSchema.nullable().openapi({ description: 'As resolved when it was recorded.' }),
  contact: personSchema.nullable(),
  erased: z.literal(true).optional().openapi({ description: 'Present when the content was destroyed.' }),
});

export const callSchema = call.openapi('Call');

const legSchema = z
  .object({
    id: z.uuid(),
    parent: z.uuid().nullable().openapi({ description: 'The leg that made it.' }),
    from: z.string().nullable(),
    to: z.array(z.string()),
    status: z.enum(callStatuses).nullable(),
    startedAt: instantSchema.nullable(),
    answeredAt: instantSchema.nullable(),
    endedAt: instantSchema.nullable(),
    talkSeconds: seconds,
    routing: routingSchema,
  })
  .openapi('CallLeg');

export const callDetailSchema = call
  .extend({
    legs: z.array(legSchema),
    history: z.array(historyEntrySchema.extend({ attachments: z.array(attachmentSchema) })).openapi({
      description: 'All records of the call and what is about them, in the order of the journal.',
    }),
  })
  .openapi('CallDetail');
