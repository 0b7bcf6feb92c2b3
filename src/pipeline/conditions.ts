import { noFigures, type SinkFigures } from '../db/sink-counts.js';
import type { SinkRow } from '../db/sinks.js';
import type { Condition } from '../domain/alerts.js';

/** From when on something is worth an alert. */
export interface AlertLimits {
  /** How long nothing may get through to a sink. */
  readonly sinkDownMs: number;
  /** How long a record may wait for a sink, or a capture to be read. */
  readonly behindMs: number;
  /** How long an account's session may not be open. */
  readonly notOpenMs: number;
}

/** What is wrong with a sink. One that is down is not said to be behind as well. */
export function sinkConditions(
  sink: SinkRow,
  { dead, pending, lagSeconds, held }: SinkFigures = noFigures,
  { sinkDownMs, behindMs }: AlertLimits,
  now: Date,
): Condition[] {
  const { id: subject, stoppedAt, failingSince, failureKind, failure } = sink;
  const conditions: Condition[] = [];
  const isFailing = failingSince !== null && stoppedAt === null;
  if (isFailing && now.getTime() - failingSince.getTime() >= sinkDownMs) {
    const detail = `Nothing gets through to sink ${subject} (${failureKind}: ${failure}). Records wait.`;
    conditions.push({ reason: 'sink-down', subject, detail, since: failingSince });
  }
  if (!isFailing && lagSeconds * 1_000 >= behindMs && pending > 0) {
    const why = stoppedAt === null ? reasonBehind(held) : 'An operator has paused it.';
    const since = new Date(now.getTime() - lagSeconds * 1_000);
    conditions.push({ reason: 'sink-behind', subject, detail: `Sink ${subject} is behind. ${why}`, since });
  }
  if (dead > 0) {
    const detail = `Sink ${subject} has dead letters; see archway dead-letters list.`;
    conditions.push({ reason: 'dead-letters', subject, detail, since: now });
  }
  return conditions;
}

/** It is up, or a lane would be paused with it: so others get through, and the oldest record does not. */
function reasonBehind(held: SinkFigures['held']): string {
  if (held === null) return 'It takes less than comes in.';
  return `It takes others, but not record ${held.record} (${held.kind}: ${held.message}), and those behind it wait.`;
}

/** @param oldestAt since when the oldest capture of the instance waits. */
export function inboxConditions(
  instanceId: string,
  oldestAt: Date | undefined,
  { behindMs }: AlertLimits,
  now: Date,
): Condition[] {
  if (oldestAt === undefined || now.getTime() - oldestAt.getTime() < behindMs) return [];
  const detail = 'Captures wait to be read; see the log of the server, and archway doctor.';
  return [{ reason: 'inbox-behind', subject: instanceId, detail, since: oldestAt }];
}
