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
import type { CallEvent, CallStatus, Direction } from '../../sdk/index.js';
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
