import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.js';
import { instant } from './columns.js';
import { instanceId } from './instances.js';

/** One comparison of what a provider lists for a window with what was recorded. */
export const reconciliations = pgTable(
  'reconciliations',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Why it was run: `start`, `outage`, `spool-full`, `nightly`, `asked`. */
    cause: text('cause').notNull(),
    since: instant('since').notNull(),
    until: instant('until').notNull(),
    state: text('state').$type<'running' | 'done' | 'failed'>().notNull(),
    /** Items that the provider listed. */
    observed: integer('observed').notNull().default(0),
    /** Of those, how many the journal had already. */
    recorded: integer('recorded').notNull().default(0),
    /** Of those, how many were captured now. */
    missing: integer('missing').notNull().default(0),
    /** Of the missing, how many came by themselves later. */
    late: integer('late').notNull().default(0),
    failure: text('failure'),
    startedAt: instant('started_at').notNull(),
    endedAt: instant('ended_at'),
  },
  (table) => [index('reconciliations_by_account').on(table.accountId, table.startedAt)],
);
