import { z } from 'zod';
import { wellFormed } from '../core/canonical.js';
import type { Account } from '../domain/accounts.js';
import {
  type Capture,
  type EventAlias,
  eventSchema,
  keySchema,
  type OwnEvent,
  ownEventSchema,
} from '../sdk/index.js';

/** Why a capture is kept aside instead of becoming records. */
export type QuarantineReason =
  | 'parser-error'
  | 'invalid-events'
  | 'unreadable'
  | 'recording-error'
  | 'conflict';

/** What reading one capture gave. */
export type Reading =
  | {
      readonly kind: 'events';
      readonly events: readonly OwnEvent[];
      readonly aliases?: readonly EventAlias[] | undefined;
    }
  | { readonly kind: 'ignored' | 'unsupported'; readonly reason: string }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason; readonly detail: string };

const reasonLengthMax = 1_000;

const aliasesSchema = z.array(z.object({ alias: keySchema, key: keySchema })).optional();

/** A plugin's answer is checked: one that says nothing must not end as a capture that carried nothing. */
const parsedSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('events'), events: z.array(eventSchema).min(1), aliases: aliasesSchema }),
  z.object({ kind: z.enum(['ignored', 'unsupported']), reason: z.string().transform(printable) }),
]);

/** What the gateway itself put on record, see domain/own-captures.ts. */
const ownStatementSchema = z.object({
  events: z.array(ownEventSchema).min(1),
  aliases: aliasesSchema,
});

/**
 * Parses a capture by its account's connector, or as a statement of the gateway. Total: whatever a plugin does, a reading
 * comes back.
 */
export function readCapture(account: Account | undefined, capture: Capture): Reading {
  try {
    if (capture.provenance === 'internal') return readOwn(capture);
    if (account === undefined) throw new Error('The capture has no account whose connector could read it.');
    const parsed = account.connector.parse(capture, { ownAddresses: account.ownAddresses });
    const checked = parsedSchema.safeParse(wellFormed(parsed));
    if (checked.success) return checked.data;
    return { kind: 'quarantined', reason: 'invalid-events', detail: describeIssues(checked.error) };
  } catch (error) {
    return { kind: 'quarantined', reason: 'parser-error', detail: describeError(error) };
  }
}

function readOwn(capture: Capture): Reading {
  const statement: unknown = JSON.parse(Buffer.from(capture.body).toString('utf8'));
  return { kind: 'events', ...ownStatementSchema.parse(wellFormed(statement)) };
}

/** A text that a column can hold. */
function printable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').slice(0, reasonLengthMax).toWellFormed();
}

export function describeError(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : 'The plugin threw something that is no Error.';
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}
