import { bigint, integer, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, instant } from './columns.js';

/** What an operator may switch per instance. */
export interface InstanceSettings {
  /** Keep device and location information where a channel gives it. */
  readonly keepLocation?: boolean;
}

/** One customer's tenancy. `wrapped_key` is the instance key, wrapped by the master key. */
export const instances = pgTable('instances', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull().unique(),
  wrappedKey: bytea('wrapped_key').notNull(),
  settings: jsonb('settings').$type<InstanceSettings>().notNull(),
  createdAt: instant('created_at').notNull(),
});

/** Every table has its instance, so that row-level security can be switched on without a change of schema. */
export const instanceId = () =>
  uuid('instance_id')
    .notNull()
    .references(() => instances.id);

/**
 * The same in the tables that get a row for each message: the database would look the instance up for every row. See
 * docs/decisions/0022-references-not-checked-for-each-message.md.
 */
export const instanceIdUnchecked = () => uuid('instance_id').notNull();

/**
 * The head of an instance's journal. The row is locked by every transaction that appends, so sequence numbers have
 * no holes and become visible in their order.
 */
export const journals = pgTable('journals', {
  instanceId: uuid('instance_id')
    .primaryKey()
    .references(() => instances.id),
  lastSequence: bigint('last_sequence', { mode: 'number' }).notNull(),
  /** Records that no sink took. */
  unmatched: bigint('unmatched', { mode: 'number' }).notNull().default(0),
});

/**
 * Who owns what only one node may own at a time. `fence` grows with each change of owner: a writer that lost its lease
 * in its sleep is recognised by its old number.
 */
export const leases = pgTable('leases', {
  name: text('name').primaryKey(),
  instanceId: instanceId(),
  holder: uuid('holder').notNull(),
  fence: integer('fence').notNull(),
  expiresAt: instant('expires_at').notNull(),
});
