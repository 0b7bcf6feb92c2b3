import { index, pgTable, primaryKey, text, uuid } from 'drizzle-orm/pg-core';
import { bytea, instant } from './columns.js';
import { instanceId } from './instances.js';

/** Custodians (the firm's own people, whose communications are captured) and contacts. `sealed`: the name. */
export const people = pgTable(
  'people',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    role: text('role').$type<'custodian' | 'contact'>().notNull(),
    sealed: bytea('sealed').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('people_by_instance').on(table.instanceId, table.role)],
);

/** Links an address to a person for a period; open-ended where a bound is null. `sealed`: the address in clear. */
export const identities = pgTable(
  'identities',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    personId: uuid('person_id')
      .notNull()
      .references(() => people.id),
    addressId: uuid('address_id').notNull(),
    sealed: bytea('sealed').notNull(),
    validFrom: instant('valid_from'),
    validUntil: instant('valid_until'),
  },
  (table) => [index('identities_by_address').on(table.instanceId, table.addressId)],
);

/**
 * Projection of `alias` records: two addresses are one end, as a provider said first at `since`. Of several addresses with
 * one alias the latest at a time counts.
 */
export const addressAliases = pgTable(
  'address_aliases',
  {
    instanceId: instanceId(),
    aliasId: uuid('alias_id').notNull(),
    addressId: uuid('address_id').notNull(),
    since: instant('since').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.instanceId, table.aliasId, table.addressId] }),
    index('address_aliases_by_address').on(table.instanceId, table.addressId),
  ],
);
