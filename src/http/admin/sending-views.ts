import { z } from '@hono/zod-openapi';
import type { SendingTrouble } from '../../db/outbound.js';

import { type AccountCheck, type FailureKind, failureKinds } from '../../sdk/index.js';
import { instantSchema } from './schemas.js';

export const sendingTroubleSchema = z
  .object({
    kind: z.enum(failureKinds),
    message: z.string(),
    explanation: z.string(),
    pausedUntil: instantSchema,
  })
  .openapi('SendingTrouble', { description: 'Why an account sends nothing, until when, and what to do.' });

/** What an operator can do about it. What waits goes out by itself in every case. */
const explanations: Record<FailureKind, string> = {
  config: 'The settings are wrong: correct them with archway account set; what waits then goes out at once.',
  auth: 'The provider refused the credentials: renew them with archway account set; what waits then goes out at once.',
  throttled: 'The provider asked to slow down: nothing is to be done.',
  unavailable:
    'The provider cannot be reached or is out of order: when it is back, wait, or go on at once with archway account resume.',
  rejected: 'The provider refused a message.',
  indeterminate:
    'The provider gives no clear answer, and the connector may repeat a message without harm: wait, or see at the provider.',
};

export function sendingTroubleView({
  kind,
  message,
  pausedUntil,
}: SendingTrouble): z.infer<typeof sendingTroubleSchema> {
  return { kind, message, explanation: explanations[kind], pausedUntil: pausedUntil.toISOString() };
}

/** The line of `archway account test` for an account that can send. */
export function checkSending(trouble: SendingTrouble | undefined): AccountCheck {
  const name = 'sending';
  if (trouble === undefined) return { name, ok: true, detail: 'Nothing is in the way of sending.' };
  const { message, explanation, pausedUntil } = sendingTroubleView(trouble);
  return { name, ok: false, detail: `Paused until ${pausedUntil}: ${message}`, remedy: explanation };
}
