import { sql } from 'drizzle-orm';
import {
  bigint,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { FailureKind, RecordKind } from '../../sdk/index.js';
import { bytea, instant } from './columns.js';
import { instanceId, instanceIdUnchecked } from './instances.js';

/** Which records a sink takes: those that meet every list that is there. Ids only, so that it names nobody. */
export interface SinkFilter {
  readonly connectors?: readonly string[] | undefined;
  readonly custodians?: readonly string[] | undefined;
  readonly kinds?: readonly RecordKind[] | undefined;
}

/**
 * One configured archive. `sealed`: its name and settings. Nothing is delivered while `paused_until` lies ahead, which the
 * gateway sets after a failure, or while `stopped_at` is set, which an operator does. `failing_since` lasts from the first
 * failure of the sink as a whole to its next success.
 */
export const sinks = pgTable(
  'sinks',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    type: text('type').notNull(),
    sealed: bytea('sealed').notNull(),
    createdAt: instant('created_at').notNull(),
    filter: jsonb('filter').$type<SinkFilter>(),
    stoppedAt: instant('stopped_at'),
    failingSince: instant('failing_since'),
    pausedUntil: instant('paused_until'),
    pauses: integer('pauses').notNull().default(0),
    failureKind: text('failure_kind').$type<FailureKind>(),
    failure: text('failure'),
  },
  (table) => [index('sinks_by_instance').on(table.instanceId)],
);

/**
 * A lane: one sink × one conversation. It is what a dispatcher claims, so that within a conversation deliveries go out
 * one after the other while lanes run side by side. `due_at` is null when nothing waits.
 */
export const lanes = pgTable(
  'lanes',
  {
    instanceId: instanceIdUnchecked(),
    sinkId: uuid('sink_id').notNull(),
    lane: uuid('lane').notNull(),
    dueAt: instant('due_at'),
    leasedUntil: instant('leased_until'),
    /** The node that delivers from it. */
    leaseHolder: uuid('lease_holder'),
  },
  (table) => [
    primaryKey({ columns: [table.sinkId, table.lane] }),
    index('lanes_due').on(table.sinkId, table.dueAt).where(sql`due_at is not null`),
  ],
);

export type DeliveryState = 'pending' | 'delivered' | 'dead';

/** One record for one sink. */
export const deliveries = pgTable(
  'deliveries',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceIdUnchecked(),
    sinkId: uuid('sink_id').notNull(),
    recordId: uuid('record_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    lane: uuid('lane').notNull(),
    state: text('state').$type<DeliveryState>().notNull(),
    attempts: integer('attempts').notNull().default(0),
    failureKind: text('failure_kind').$type<FailureKind>(),
    failure: text('failure'),
    changedAt: instant('changed_at').notNull(),
  },
  (table) => [
    uniqueIndex('deliveries_by_record').on(table.recordId, table.sinkId),
    index('deliveries_pending').on(table.sinkId, table.lane, table.sequence).where(sql`state = 'pending'`),
    // With a condition that the look into a lane has not: for that, it would be taken for as good as the one above.
    index('deliveries_oldest')
      .on(table.sinkId, table.sequence)
      .where(sql`state = 'pending' and sequence > 0`),
    index('deliveries_dead').on(table.instanceId, table.id).where(sql`state = 'dead'`),
  ],
);

/** One failed try of a delivery; a successful one is its evidence. */
export const attempts = pgTable(
  'attempts',
  {
    instanceId: instanceId(),
    deliveryId: uuid('delivery_id')
      .notNull()
      .references(() => deliveries.id),
    number: integer('number').notNull(),
    at: instant('at').notNull(),
    failureKind: text('failure_kind').$type<FailureKind>().notNull(),
    failure: text('failure').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deliveryId, table.number] })],
);

/** What a sink gave back. `sealed`: the locator, which may name a person in some archives. */
export const evidence = pgTable('evidence', {
  deliveryId: uuid('delivery_id')
    .primaryKey()
    .references(() => deliveries.id),
  instanceId: instanceIdUnchecked(),
  sealed: bytea('sealed').notNull(),
  sha256: bytea('sha256').notNull(),
  storedAt: instant('stored_at').notNull(),
  retainedUntil: instant('retained_until'),
});

/**
 * How many records a sink got and was spared, so that nobody has to count millions of deliveries. Written by the recorder
 * alone; what the dispatcher counts is in a table of its own, so that neither waits for the other.
 */
export const sinkInflow = pgTable('sink_inflow', {
  sinkId: uuid('sink_id')
    .primaryKey()
    .references(() => sinks.id),
  instanceId: instanceId(),
  queued: bigint('queued', { mode: 'number' }).notNull(),
  /** Records that its filter left out. */
  leftOut: bigint('left_out', { mode: 'number' }).notNull(),
});

/** What a sink took, by the minute; minutes that are long past are added up in one row, at the epoch. */
export const sinkOutflow = pgTable(
  'sink_outflow',
  {
    sinkId: uuid('sink_id')
      .notNull()
      .references(() => sinks.id),
    minute: instant('minute').notNull(),
    instanceId: instanceId(),
    delivered: bigint('delivered', { mode: 'number' }).notNull(),
    /** Deliveries that failed, whatever followed. */
    failed: bigint('failed', { mode: 'number' }).notNull(),
    lastDeliveredAt: instant('last_delivered_at'),
  },
  (table) => [primaryKey({ columns: [table.sinkId, table.minute] })],
);
