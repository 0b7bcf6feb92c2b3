import { sql } from 'drizzle-orm';
import { bigint, index, integer, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import type { FailureKind } from '../../sdk/index.js';
import { accounts } from './accounts.js';
import { bytea, instant } from './columns.js';
import { instanceId } from './instances.js';

/**
 * - `requested`: to be sent; nothing has left.
 * - `sending`: the call to the provider may be under way. Who finds it so after a crash does not know whether it left.
 * - `accepted`, `rejected`: what the provider answered.
 * - `refused`: by our own policy; nothing has left.
 * - `indeterminate`: no answer, it may have arrived. Never sent again; a person decides what it was.
 */
export type OutboundState = 'requested' | 'sending' | 'accepted' | 'rejected' | 'refused' | 'indeterminate';

/** Messages whose provider's id may not be known. A condition of an index, so it is written out. */
export const unexplained = sql`state in ('sending', 'indeterminate') or (state = 'accepted' and reason = 'resolved')`;

/** What the gateway was asked to send. `position` is the order of the requests. `sealed`: the request. */
export const outboundMessages = pgTable(
  'outbound_messages',
  {
    id: uuid('id').primaryKey(),
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity().notNull(),
    instanceId: instanceId(),
    accountId: uuid('account_id')
      .notNull()
      .references(() => accounts.id),
    /** Keyed id of the caller's idempotency key. */
    idempotencyId: uuid('idempotency_id').notNull(),
    /** Keyed id of the request: tells a repetition from another request under the same key. */
    requestId: uuid('request_id').notNull(),
    state: text('state').$type<OutboundState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    sealed: bytea('sealed').notNull(),
    /** The capture that says "requested"; until it is done nothing may leave. */
    captureId: uuid('capture_id').notNull(),
    createdAt: instant('created_at').notNull(),
    changedAt: instant('changed_at').notNull(),
    /** Why it was refused or rejected, or why there is no answer. */
    reason: text('reason'),
    explanation: text('explanation'),
  },
  (table) => [
    uniqueIndex('outbound_by_idempotency').on(table.accountId, table.idempotencyId),
    index('outbound_by_instance').on(table.instanceId, table.position),
    index('outbound_unexplained').on(table.accountId).where(unexplained),
    index('outbound_waiting')
      .on(table.accountId, table.position)
      .where(sql`state in ('requested', 'sending')`),
  ],
);

/** When an account may send again: its rate, and the pause after a failure that no message is to blame for. */
export const accountSending = pgTable('account_sending', {
  accountId: uuid('account_id')
    .primaryKey()
    .references(() => accounts.id),
  instanceId: instanceId(),
  nextAt: instant('next_at').notNull(),
  pausedUntil: instant('paused_until'),
  pauses: integer('pauses').notNull().default(0),
  failureKind: text('failure_kind').$type<FailureKind>(),
  failure: text('failure'),
});

/** The last word of somebody to one of our addresses; both by their keyed ids. */
export const consents = pgTable(
  'consents',
  {
    instanceId: instanceId(),
    addressId: uuid('address_id').notNull(),
    ownAddressId: uuid('own_address_id').notNull(),
    action: text('action').$type<'opt-out' | 'opt-in'>().notNull(),
    /** Of the record that says so. */
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.addressId, table.ownAddressId] })],
);

/** Bytes that were brought in to be sent along. `sealed`: name, type, length and digest. */
export const uploads = pgTable(
  'uploads',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    blobId: text('blob_id').notNull(),
    sealed: bytea('sealed').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('uploads_by_instance').on(table.instanceId)],
);

/** Where a provider may fetch one upload for a while. Only the digest of the path is kept. */
export const mediaLinks = pgTable(
  'media_links',
  {
    tokenHash: bytea('token_hash').primaryKey(),
    instanceId: instanceId(),
    outboundId: uuid('outbound_id')
      .notNull()
      .references(() => outboundMessages.id),
    uploadId: uuid('upload_id')
      .notNull()
      .references(() => uploads.id),
    expiresAt: instant('expires_at').notNull(),
    fetches: integer('fetches').notNull().default(0),
    fetchedAt: instant('fetched_at'),
  },
  (table) => [index('media_links_by_expiry').on(table.expiresAt)],
);
