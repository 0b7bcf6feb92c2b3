import { bigint, boolean, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { instant } from './columns.js';
import { instanceIdUnchecked } from './instances.js';

/**
 * Projection: a provider's conversation within one account, as `records.conversation_id` names it. What people call a
 * conversation is made of the spans of many threads.
 */
export const threads = pgTable('threads', {
  id: uuid('id').primaryKey(),
  instanceId: instanceIdUnchecked(),
  accountId: uuid('account_id'),
  channels: text('channels').array().notNull(),
  /** The thread that this one continues, since the provider gave the group another id. */
  formerId: uuid('former_id'),
});

/** Projection: whose addresses occur in a thread. `own`: an address of the account itself. */
export const threadParties = pgTable(
  'thread_parties',
  {
    instanceId: instanceIdUnchecked(),
    threadId: uuid('thread_id').notNull(),
    addressId: uuid('address_id').notNull(),
    own: boolean('own').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.threadId, table.addressId] }),
    index('thread_parties_by_address').on(table.instanceId, table.addressId),
  ],
);

/**
 * Projection: a time in which a thread is between the same people. The spans of a thread follow one another without holes,
 * open-ended where a bound is null. `principals`: ids of its people, and of those addresses that are nobody's;
 * `conversation_id` is made of them, so that equal people on another channel have the same.
 */
export const threadSpans = pgTable(
  'thread_spans',
  {
    instanceId: instanceIdUnchecked(),
    threadId: uuid('thread_id').notNull(),
    position: integer('position').notNull(),
    since: instant('since'),
    until: instant('until'),
    conversationId: uuid('conversation_id').notNull(),
    principals: uuid('principals').array().notNull(),
    /** Without receipts, as the following. */
    records: bigint('records', { mode: 'number' }).notNull().default(0),
    messages: bigint('messages', { mode: 'number' }).notNull().default(0),
    calls: bigint('calls', { mode: 'number' }).notNull().default(0),
    firstAt: instant('first_at'),
    lastAt: instant('last_at'),
    lastSequence: bigint('last_sequence', { mode: 'number' }),
  },
  (table) => [
    primaryKey({ columns: [table.threadId, table.position] }),
    index('thread_spans_by_conversation').on(table.instanceId, table.conversationId),
    index('thread_spans_by_sequence').on(table.instanceId, table.lastSequence),
  ],
);
