import { sql } from 'drizzle-orm';
import { bigint, boolean, index, integer, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { FailureKind } from '../../sdk/index.js';
import { accounts } from './accounts.js';
import { instant } from './columns.js';
import { instanceId, instances } from './instances.js';

/** Until when an instance's door to providers was known to be open. Written every few seconds; see pipeline/door-watch.ts. */
export const doors = pgTable('doors', {
  instanceId: uuid('instance_id')
    .primaryKey()
    .references(() => instances.id),
  openUntil: instant('open_until').notNull(),
});

/** Why a window is looked at: see docs/operations.md. */
export type ReconciliationCause = 'start' | 'outage' | 'spool-full' | 'nightly' | 'operator' | 'watchdog';

/**
 * - `pending`: to be listed, from `listed_until` on, not before `due_at`.
 * - `done`: all of the window that the provider still keeps was listed.
 * - `failed`: the provider refuses to list it.
 * - `unlistable`: the connector cannot list; the gap record stays open.
 */
export type ReconciliationState = 'pending' | 'done' | 'failed' | 'unlistable';

/** A window of time of an account, and what comparing it with the provider's list gave. `observed` = the sum of the others. */
export const reconciliations = pgTable(
  'reconciliations',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    cause: text('cause').$type<ReconciliationCause>().notNull(),
    since: instant('since').notNull(),
    until: instant('until').notNull(),
    state: text('state').$type<ReconciliationState>().notNull(),
    /** A gap record was opened for it and is still open; it is closed when the time was listed to its end. */
    gap: boolean('gap').notNull(),
    /** How far the listing has come. */
    listedUntil: instant('listed_until').notNull(),
    observed: bigint('observed', { mode: 'number' }).notNull().default(0),
    recorded: bigint('recorded', { mode: 'number' }).notNull().default(0),
    missing: bigint('missing', { mode: 'number' }).notNull().default(0),
    late: bigint('late', { mode: 'number' }).notNull().default(0),
    /** Failures in a row. */
    attempts: integer('attempts').notNull().default(0),
    failureKind: text('failure_kind').$type<FailureKind>(),
    failure: text('failure'),
    dueAt: instant('due_at').notNull(),
    createdAt: instant('created_at').notNull(),
    startedAt: instant('started_at'),
    endedAt: instant('ended_at'),
  },
  (table) => [
    // Several nodes may notice the same; an operator may ask for the same twice.
    uniqueIndex('reconciliations_by_window')
      .on(table.accountId, table.cause, table.until)
      .where(sql`cause <> 'operator'`),
    index('reconciliations_by_instance').on(table.instanceId, table.id),
    index('reconciliations_due').on(table.dueAt),
  ],
);
