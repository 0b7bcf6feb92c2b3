import type { CallEvent, CallStatus, RecordingEvent } from 'archway/sdk';

/** Source: https://www.twilio.com/docs/voice/api/call-resource#call-status-values; `answered` is a word of DialCallStatus. */
const callStatuses = new Map<string, CallStatus>([
  ['queued', 'queued'],
  ['initiated', 'initiated'],
  ['ringing', 'ringing'],
  ['answered', 'in-progress'],
  ['in-progress', 'in-progress'],
  ['canceled', 'canceled'],
  ['no-answer', 'no-answer'],
  ['busy', 'busy'],
  ['failed', 'failed'],
  ['completed', 'completed'],
]);

/** Source: https://www.twilio.com/docs/voice/api/recording; callbacks know the first, the third and the last three. */
const recordingStatuses = new Map<string, RecordingEvent['status']>([
  ['in-progress', 'in-progress'],
  ['paused', 'in-progress'],
  ['stopped', 'in-progress'],
  ['processing', 'in-progress'],
  ['completed', 'completed'],
  ['absent', 'absent'],
  ['deleted', 'absent'],
  ['failed', 'failed'],
]);

const finalStatuses: readonly CallStatus[] = ['canceled', 'no-answer', 'busy', 'failed', 'completed'];

/** Undefined for a word that is none of Twilio's. */
export function callStatusOf(claimed: string): CallStatus | undefined {
  return callStatuses.get(claimed.toLowerCase());
}

/** Undefined for a word that is none of Twilio's. */
export function recordingStatusOf(claimed: string): RecordingEvent['status'] | undefined {
  return recordingStatuses.get(claimed.toLowerCase());
}

export function isFinal(status: CallStatus): boolean {
  return finalStatuses.includes(status);
}

/**
 * Who took a leg. An inbound one is always taken by the TwiML that says the notice; of the others Twilio tells where it was
 * asked to find out (`AnsweredBy`).
 */
export function answererOf(
  direction: string | null | undefined,
  status: CallStatus,
  answeredBy: string | null | undefined,
): CallEvent['answeredBy'] {
  if (direction === 'inbound') return isFinal(status) && status !== 'completed' ? undefined : 'gateway';
  if (answeredBy === 'human') return 'person';
  return /^(?:machine|fax)/.test(answeredBy ?? '') ? 'machine' : undefined;
}
