import { sql } from 'drizzle-orm';
import { index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { instant } from './columns.js';
import { instanceId } from './instances.js';

/** Why an alert is open. */
export const alertReasons = [
  'sink-down',
  'sink-behind',
  'dead-letters',
  'inbox-behind',
  'spool-waiting',
  'account-silent',
  'account-not-open',
] as const;

export type AlertReason = (typeof alertReasons)[number];

/** What a person must know or act on. At most one is open for a reason and a subject; it stays listed when it is closed. */
export const alerts = pgTable(
  'alerts',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    reason: text('reason').$type<AlertReason>().notNull(),
    /** Id of the sink, account, node or instance that it is about. */
    subject: uuid('subject').notNull(),
    /** Names nobody. */
    detail: text('detail').notNull(),
    /** Since when it is so, which is earlier than its opening. Null for those that were opened before this was kept. */
    since: instant('since'),
    openedAt: instant('opened_at').notNull(),
    closedAt: instant('closed_at'),
  },
  (table) => [
    uniqueIndex('alerts_open')
      .on(table.instanceId, table.reason, table.subject)
      .where(sql`closed_at is null`),
    index('alerts_by_instance').on(table.instanceId, table.id),
  ],
);
