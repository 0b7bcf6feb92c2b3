import { sql } from 'drizzle-orm';
import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.js';
import { instant } from './columns.js';
import { instanceId } from './instances.js';
import { attachments } from './records.js';

/** One attachment whose bytes are still to be fetched. The row goes when they are stored, or are known to be gone. */
export const mediaJobs = pgTable(
  'media_jobs',
  {
    attachmentId: uuid('attachment_id')
      .primaryKey()
      .references(() => attachments.id),
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    attempts: integer('attempts').notNull().default(0),
    dueAt: instant('due_at').notNull(),
    leasedUntil: instant('leased_until'),
    leaseHolder: uuid('lease_holder'),
    failure: text('failure'),
  },
  (table) => [index('media_jobs_due').on(table.instanceId, table.dueAt).where(sql`lease_holder is null`)],
);
