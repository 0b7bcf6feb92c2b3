import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  index,
  integer,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { CallOutcome } from '../../core/call-fold.js';
import type { MediaFailureKind } from '../../core/retry-policy.js';
import type { CallEvent, CallStatus, Direction, RecordingEvent } from '../../sdk/index.js';
import { accounts } from './accounts.js';
import { instant } from './columns.js';
import { instanceId } from './instances.js';
import { records } from './records.js';

/**
 * Projection: what each record says about a leg of a call, without who. Legs and calls are named by keyed ids; `call_id` is
 * that of the leg that no other one made, as far as is known now.
 */
export const callFacts = pgTable(
  'call_facts',
  {
    recordId: uuid('record_id')
      .primaryKey()
      .references(() => records.id),
    instanceId: instanceId(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    callId: uuid('call_id').notNull(),
    legId: uuid('leg_id').notNull(),
    parentId: uuid('parent_id'),
    accountId: uuid('account_id').notNull(),
    conversationId: uuid('conversation_id'),
    /** When the record's event happened, as it counts for its conversation. */
    happenedAt: instant('happened_at').notNull(),
    /** Null where the record is a recording. */
    status: text('status').$type<CallStatus>(),
    direction: text('direction').$type<Direction>(),
    answeredBy: text('answered_by').$type<NonNullable<CallEvent['answeredBy']>>(),
    voicemail: boolean('voicemail').notNull(),
    /** Null where the record is no recording. */
    recording: text('recording').$type<RecordingEvent['status']>(),
    occurredAt: instant('occurred_at'),
    startedAt: instant('started_at'),
    answeredAt: instant('answered_at'),
    endedAt: instant('ended_at'),
    durationSeconds: integer('duration_seconds'),
  },
  (table) => [
    uniqueIndex('call_facts_by_sequence').on(table.instanceId, table.sequence),
    index('call_facts_by_call').on(table.instanceId, table.callId),
    index('call_facts_by_leg').on(table.instanceId, table.legId),
    index('call_facts_by_parent').on(table.instanceId, table.parentId),
  ],
);

/**
 * Projection: the call log. What came of each call, folded from all that is known of its legs (core/call-fold.ts).
 * `sequence`: of the record that stands for it in lists, the first that has its conversation.
 */
export const calls = pgTable(
  'calls',
  {
    instanceId: instanceId(),
    id: uuid('id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    accountId: uuid('account_id').notNull(),
    conversationId: uuid('conversation_id'),
    /** Of that record's event, as it counts for its conversation. */
    happenedAt: instant('happened_at').notNull(),
    /** When it started, as far as anybody says; else the same. */
    beganAt: instant('began_at').notNull(),
    direction: text('direction').$type<Direction>().notNull(),
    outcome: text('outcome').$type<CallOutcome>().notNull(),
    startedAt: instant('started_at'),
    answeredAt: instant('answered_at'),
    endedAt: instant('ended_at'),
    ringSeconds: integer('ring_seconds'),
    talkSeconds: integer('talk_seconds'),
  },
  (table) => [
    primaryKey({ columns: [table.instanceId, table.id] }),
    uniqueIndex('calls_by_sequence').on(table.instanceId, table.sequence),
    index('calls_by_account').on(table.instanceId, table.accountId, table.sequence),
    index('calls_by_conversation').on(table.instanceId, table.conversationId, table.sequence),
    index('calls_by_time').on(table.instanceId, table.beganAt),
  ],
);

/**
 * - `waiting`: the provider is asked when it is due.
 * - `missing`: a gap is open; nothing is asked any more.
 * - `arrived`: it came after all; the gap is to be closed.
 */
export type RecordingSearchState = 'waiting' | 'missing' | 'arrived';

/** Calls that ended without a recording that was announced or expected. A row goes when it has come. */
export const recordingSearches = pgTable(
  'recording_searches',
  {
    instanceId: instanceId(),
    callId: uuid('call_id').notNull(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    state: text('state').$type<RecordingSearchState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    dueAt: instant('due_at').notNull(),
    leasedUntil: instant('leased_until'),
    /** The node that asks. */
    leaseHolder: uuid('lease_holder'),
    failureKind: text('failure_kind').$type<MediaFailureKind>(),
    failure: text('failure'),
  },
  (table) => [
    primaryKey({ columns: [table.instanceId, table.callId] }),
    index('recording_searches_due').on(table.dueAt).where(sql`state <> 'missing'`),
  ],
);
