import { z } from '@hono/zod-openapi';
import { instantSchema, operatorText } from './schemas.js';

export const outboundStates = [
  'requested',
  'sending',
  'accepted',
  'rejected',
  'refused',
  'indeterminate',
] as const;

const textLengthMax = 100_000;

export const newMessageSchema = z
  .strictObject({
    account: operatorText(200).openapi({ description: 'Id or name of the account that sends.' }),
    to: operatorText(320).openapi({ description: 'The recipient, as the channel writes it: +12025550123.' }),
    text: z
      .string()
      .max(textLengthMax)
      .refine((text) => text.isWellFormed() && !text.includes('\0'), 'must be text without NUL characters')
      .optional(),
    media: z
      .array(z.strictObject({ id: z.uuid() }))
      .max(100)
      .default([])
      .openapi({ description: 'Uploads to send along, see POST /v1/media.' }),
    replyTo: z
      .uuid()
      .optional()
      .openapi({ description: 'Id of the message that this one answers, where the channel has answers.' }),
    reaction: z
      .strictObject({
        to: z.uuid().openapi({ description: 'Id of the message, which stands in the chat with `to`.' }),
        emoji: operatorText(50)
          .nullable()
          .openapi({ description: 'null takes the reaction back that there was.' }),
      })
      .optional()
      .openapi({
        description: 'In place of text, media and replyTo: reacts to a message, where the channel can.',
      }),
    idempotencyKey: operatorText(200).openapi({
      description:
        'Yours to choose: the same key with the same request is one message, however often it is asked.',
    }),
  })
  .openapi('NewMessage');

export const newCallSchema = z
  .strictObject({
    account: operatorText(200).openapi({ description: 'Id or name of the account whose number calls.' }),
    to: operatorText(320).openapi({ description: 'Who is to be called: +12025550123.' }),
    ring: operatorText(320)
      .optional()
      .openapi({ description: 'Where the custodian is rung first. Default: what the account says.' }),
    idempotencyKey: operatorText(200).openapi({
      description:
        'Yours to choose: the same key with the same request is one call, however often it is asked.',
    }),
  })
  .openapi('NewCall');

export const requestedSchema = z
  .object({
    id: z.uuid().openapi({
      description:
        'For GET /v1/outbound/{id}, and GET /v1/messages/{id} or GET /v1/calls/{id}. A reaction stands in the history of its message.',
    }),
    account: z.uuid(),
    state: z.literal('requested'),
    createdAt: instantSchema,
  })
  .openapi('RequestedMessage');

export const outboundSchema = z
  .object({
    id: z.uuid(),
    account: z.uuid(),
    kind: z.enum(['message', 'reaction', 'call']),
    to: z.string(),
    state: z.enum(outboundStates).openapi({
      description:
        'requested: nothing has left yet; sending: the call is under way; accepted, rejected: by the provider; refused: by our policy; indeterminate: no answer, it may have arrived.',
    }),
    attempts: z.int().nonnegative(),
    createdAt: instantSchema,
    changedAt: instantSchema,
    reason: z.string().nullable().openapi({ description: 'A code, of the provider where it gave one.' }),
    explanation: z.string().nullable(),
  })
  .openapi('OutboundMessage');

export const resolutionSchema = z
  .strictObject({ outcome: z.enum(['sent', 'not-sent']) })
  .openapi('Resolution', { description: 'What a person found out at the provider.' });

export const uploadSchema = z
  .object({
    id: z.uuid(),
    contentType: z.string(),
    byteLength: z.int().nonnegative(),
    sha256: z.string(),
    name: z.string().nullable(),
  })
  .openapi('Upload');
