import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, instant } from './columns.js';
import { instanceIdUnchecked } from './instances.js';

/**
 * - `pending`: committed, not read yet.
 * - `done`: its records stand in the journal, or it carried none.
 * - `quarantined`: ended without success; kept, listed, replayable. `reason` and `sealed_detail` say why.
 */
export type CaptureState = 'pending' | 'done' | 'quarantined';

/** The inbox: bytes as received. `position` is the order of acceptance. `sealed`: request line, headers, body. */
export const captures = pgTable(
  'captures',
  {
    id: uuid('id').primaryKey(),
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity().notNull(),
    instanceId: instanceIdUnchecked(),
    /** Null for what the gateway says of itself as a whole. Unchecked, as the instance is. */
    accountId: uuid('account_id'),
    endpoint: text('endpoint').notNull(),
    provenance: text('provenance').notNull(),
    receivedAt: instant('received_at').notNull(),
    sealed: bytea('sealed').notNull(),
    state: text('state').$type<CaptureState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    reason: text('reason'),
    sealedDetail: bytea('sealed_detail'),
    parsedBy: text('parsed_by'),
  },
  (table) => [
    index('captures_pending').on(table.instanceId, table.position).where(sql`state = 'pending'`),
    index('captures_quarantined').on(table.instanceId, table.position).where(sql`state = 'quarantined'`),
  ],
);
