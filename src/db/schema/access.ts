import { bigint, index, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core';
import { bytea, instant } from './columns.js';
import { instances } from './instances.js';

/** What a key may do: `read` the records, or `admin`: everything. */
export type Scope = 'read' | 'admin';

/** Keys of the private API. Only a digest is kept. A null instance means: all instances. */
export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid('id').primaryKey(),
    instanceId: uuid('instance_id').references(() => instances.id),
    name: text('name').notNull(),
    hash: text('hash').notNull(),
    scopes: text('scopes').array().$type<Scope[]>().notNull(),
    createdAt: instant('created_at').notNull(),
    revokedAt: instant('revoked_at'),
  },
  (table) => [uniqueIndex('api_keys_by_hash').on(table.hash)],
);

/** Who did what, when. Append only. `sealed_detail` belongs to an instance; without one there is none. */
export const auditTrail = pgTable(
  'audit_trail',
  {
    position: bigint('position', { mode: 'number' }).generatedAlwaysAsIdentity().primaryKey(),
    instanceId: uuid('instance_id').references(() => instances.id),
    at: instant('at').notNull(),
    /** An API key id, or `system`. */
    actor: text('actor').notNull(),
    action: text('action').notNull(),
    subject: text('subject').notNull(),
    sealedDetail: bytea('sealed_detail'),
  },
  (table) => [index('audit_trail_by_instance').on(table.instanceId, table.position)],
);
