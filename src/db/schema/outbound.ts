import { index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { accounts } from './accounts.js';
import { bytea, instant } from './columns.js';
import { instanceId } from './instances.js';

/**
 * - `requested`: its record is in the journal; nothing has left yet.
 * - `sending`: handed to the provider; a process that dies here leaves it `indeterminate`.
 * - `accepted`, `rejected`: the provider said so. `refused`: our own policy did.
 * - `indeterminate`: it may have arrived, and is not sent again.
 */
export type OutboundState = 'requested' | 'sending' | 'accepted' | 'rejected' | 'refused' | 'indeterminate';

/** A message that somebody asked us to send. `sealed`: recipients, text and media as asked for. */
export const outboundMessages = pgTable(
  'outbound_messages',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Keyed id of the caller's idempotency key. */
    idempotencyId: uuid('idempotency_id').notNull(),
    /** Keyed digest of what was asked for: the same key with another request is refused. */
    requestDigest: bytea('request_digest').notNull(),
    state: text('state').$type<OutboundState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    sealed: bytea('sealed').notNull(),
    dueAt: instant('due_at'),
    leaseHolder: uuid('lease_holder'),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    uniqueIndex('outbound_by_idempotency').on(table.accountId, table.idempotencyId),
    index('outbound_due').on(table.accountId, table.dueAt),
  ],
);

/** A random, expiring path on the public listener under which a provider fetches one attachment of one message. */
export const mediaLinks = pgTable('media_links', {
  /** SHA-256 of the token in the path: the database does not know the path. */
  tokenHash: bytea('token_hash').primaryKey(),
  instanceId: instanceId(),
  outboundId: uuid('outbound_id')
    .notNull()
    .references(() => outboundMessages.id),
  /** Blob id and content type. */
  sealed: bytea('sealed').notNull(),
  expiresAt: instant('expires_at').notNull(),
  fetches: integer('fetches').notNull().default(0),
});

/**
 * Another key under which a provider speaks of an event: the id that it gave to a message of ours, a chat that moved. The
 * records keep the keys that they were made with; look-ups go through here.
 */
export const eventAliases = pgTable(
  'event_aliases',
  {
    instanceId: instanceId(),
    alias: uuid('alias').notNull(),
    eventKey: uuid('event_key').notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.alias] })],
);
