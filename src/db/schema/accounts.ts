import { date, index, integer, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import type { SessionState } from '../../sdk/index.js';
import { bytea, instant } from './columns.js';
import { instanceId } from './instances.js';

/** One configured number, bot or linked phone. `sealed`: its name and settings. */
export const accounts = pgTable(
  'accounts',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    connector: text('connector').notNull(),
    sealed: bytea('sealed').notNull(),
    createdAt: instant('created_at').notNull(),
    /** Within how many minutes a message is expected; null: it may be silent for as long as it likes. */
    expectEveryMinutes: integer('expect_every_minutes'),
  },
  (table) => [index('accounts_by_instance').on(table.instanceId)],
);

/** What a connector keeps between runs, such as a cursor or the keys of a session. */
export const connectorState = pgTable(
  'connector_state',
  {
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    key: text('key').notNull(),
    sealed: bytea('sealed').notNull(),
    updatedAt: instant('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.key] })],
);

/** How the session of an account stood when it last said so. `sealed`: what it said, for a person. */
export const sessions = pgTable('sessions', {
  accountId: uuid('account_id')
    .primaryKey()
    .references(() => accounts.id),
  instanceId: instanceId(),
  state: text('state').$type<SessionState>().notNull(),
  sealed: bytea('sealed').notNull(),
  changedAt: instant('changed_at').notNull(),
  /** Since when it has not been open; null while it is. */
  notOpenSince: instant('not_open_since'),
});

/** The longest time between two messages of an account that ended on a day (UTC): its habit. */
export const silences = pgTable(
  'silences',
  {
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    day: date('day').notNull(),
    longestSeconds: integer('longest_seconds').notNull(),
  },
  (table) => [primaryKey({ columns: [table.accountId, table.day] })],
);
