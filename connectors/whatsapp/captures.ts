import { z } from 'archway/sdk';

/**
 * The bodies that the session commits, one for each endpoint. Loose, since a capture of a later version may say more; what
 * is inside `message` and `node` is asked for field by field (fields.ts), because it is the sender's and the library's.
 */

const jid = z.string().max(400);
const fields = z.record(z.string(), z.unknown());

/** What the session adds to everything, because only it knows. */
const sharedSchema = z.looseObject({
  /** The account's own ids. */
  own: z.looseObject({ pn: jid.optional(), lid: jid.optional() }).optional(),
  /** The chat under the name that it got when it was first seen, whichever form names it here. */
  chat: jid.optional(),
  /** Phone numbers that are known for LIDs in this capture, by bare jids. */
  numbers: z.record(z.string(), z.string()).optional(),
  fromMe: z.boolean().optional(),
  /** What could not be read before, under the same id, is read now. */
  closes: z.boolean().optional(),
  /** Secret of the message that this one is about, in base64. */
  secret: z.string().optional(),
  original: z
    .looseObject({ senders: z.array(z.string()).optional(), options: z.array(z.string()).optional() })
    .optional(),
});

/** A message as it was decrypted, with the stanza that brought it. */
export const messageCaptureSchema = sharedSchema.extend({
  stanza: z.looseObject({ attrs: fields }),
  payload: z.string(),
  message: fields,
});

/** A stanza as it came. `failure`: why its content could not be read; `recovered`: what it announced could be fetched after all. */
export const stanzaCaptureSchema = sharedSchema.extend({
  node: z.looseObject({ tag: z.string(), attrs: fields, content: z.unknown().optional() }),
  failure: z.string().optional(),
  recovered: z.boolean().optional(),
});

/** A message of the past, as the phone hands it over, or one that the phone was asked for. */
export const historyCaptureSchema = sharedSchema.extend({ message: fields });

/** That a LID and a phone number are one person. */
export const mappingCaptureSchema = z.looseObject({ lid: jid, pn: jid });

export type Shared = z.infer<typeof sharedSchema>;
export type MessageCapture = z.infer<typeof messageCaptureSchema>;
export type StanzaCapture = z.infer<typeof stanzaCaptureSchema>;
export type HistoryCapture = z.infer<typeof historyCaptureSchema>;
