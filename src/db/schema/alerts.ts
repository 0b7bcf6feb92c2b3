import { sql } from 'drizzle-orm';
import { index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { instant } from './columns.js';
import { instanceId } from './instances.js';

/** Something that an operator should know, from when it began until it ended. At most one is open for one subject. */
export const alerts = pgTable(
  'alerts',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    /** `sink-down`, `dead-letters`, `spool-filling`, `account-silent`. */
    kind: text('kind').notNull(),
    /** Id of the sink or account; the node's id for its spool. */
    subject: text('subject').notNull(),
    detail: text('detail').notNull(),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    uniqueIndex('alerts_open').on(table.instanceId, table.kind, table.subject).where(sql`closed_at is null`),
    index('alerts_by_time').on(table.instanceId, table.openedAt),
  ],
);
