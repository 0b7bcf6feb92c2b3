import { z } from 'zod';
import { wellFormed } from '../core/canonical.js';
import type { Account } from '../domain/accounts.js';
import { type Capture, type CommunicationEvent, eventSchema, type Parsed } from '../sdk/index.js';

/** Why a capture is kept aside instead of becoming records. */
export type QuarantineReason =
  | 'parser-error'
  | 'invalid-events'
  | 'unreadable'
  | 'recording-error'
  | 'conflict';

/** What reading one capture gave. */
export type Reading =
  | { readonly kind: 'events'; readonly events: readonly CommunicationEvent[] }
  | { readonly kind: 'ignored' | 'unsupported'; readonly reason: string }
  | { readonly kind: 'quarantined'; readonly reason: QuarantineReason; readonly detail: string };

const eventsSchema = z.array(eventSchema);

/** Parses a capture by its account's connector. Total: whatever a plugin does, a reading comes back. */
export function readCapture(account: Account, capture: Capture): Reading {
  let parsed: Parsed;
  try {
    parsed = account.connector.parse(capture, { ownAddresses: account.ownAddresses });
  } catch (error) {
    return { kind: 'quarantined', reason: 'parser-error', detail: describeError(error) };
  }
  if (parsed.kind !== 'events') return parsed;
  const checked = eventsSchema.safeParse(wellFormed(parsed.events));
  if (checked.success) return { kind: 'events', events: checked.data };
  return { kind: 'quarantined', reason: 'invalid-events', detail: describeIssues(checked.error) };
}

export function describeError(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}`
    : 'The plugin threw something that is no Error.';
}

function describeIssues(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
}
