import { index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { MediaFailureKind } from '../../core/retry-policy.js';
import { accounts } from './accounts.js';
import { instant } from './columns.js';
import { instanceId } from './instances.js';
import { attachments } from './records.js';

/**
 * Attachments whose bytes are still to be fetched. A row goes when they are stored, or gone for good; while it is there,
 * `failure_kind` and `failure` tell of the last try.
 */
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
    /** The node that fetches it. */
    leaseHolder: uuid('lease_holder'),
    failureKind: text('failure_kind').$type<MediaFailureKind>(),
    failure: text('failure'),
  },
  (table) => [index('media_jobs_due').on(table.dueAt)],
);
