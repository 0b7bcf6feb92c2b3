import { sql } from 'drizzle-orm';
import {
  bigint,
  index,
  integer,
  pgTable,
  primaryKey,
  smallint,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import type { Direction, ReceiptStatus, RecordKind } from '../../sdk/index.js';
import { captures } from './captures.js';
import { bytea, instant } from './columns.js';
import { instanceId, instanceIdUnchecked } from './instances.js';

/**
 * The journal. Rows are inserted and never updated, but for the destruction of `sealed_content` (content and salt) at
 * erasure; `skeleton` holds the canonical bytes that `leaf_hash` covers.
 */
export const records = pgTable(
  'records',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceIdUnchecked(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    kind: text('kind').$type<RecordKind>().notNull(),
    eventKey: uuid('event_key').notNull(),
    aboutKey: uuid('about_key'),
    accountId: uuid('account_id'),
    conversationId: uuid('conversation_id'),
    captureId: uuid('capture_id').references(() => captures.id),
    connectorVersion: text('connector_version').notNull(),
    receivedAt: instant('received_at').notNull(),
    recordedAt: instant('recorded_at').notNull(),
    skeleton: bytea('skeleton').notNull(),
    sealedContent: bytea('sealed_content'),
    /** Of the event as the parser gave it, under the record's salt: tells a redelivery from a conflict. */
    eventDigest: bytea('event_digest').notNull(),
    leafHash: bytea('leaf_hash').notNull(),
    /** Whose communication it is, for sinks that take only that of some; none where nobody is known. */
    custodianIds: uuid('custodian_ids').array().notNull().default([]),
  },
  (table) => [
    uniqueIndex('records_by_sequence').on(table.instanceId, table.sequence),
    uniqueIndex('records_by_event').on(table.instanceId, table.eventKey),
    index('records_by_about').on(table.instanceId, table.aboutKey, table.sequence),
    index('records_by_conversation').on(table.instanceId, table.conversationId, table.sequence),
  ],
);

/** Where an address occurs, by its keyed id: how records are found by number without a number in the database. */
export const recordAddresses = pgTable(
  'record_addresses',
  {
    instanceId: instanceIdUnchecked(),
    addressId: uuid('address_id').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    role: text('role').$type<'from' | 'to'>().notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.addressId, table.sequence, table.role] })],
);

/** Projection: the message log. Rebuilt from the journal at any time. */
export const messages = pgTable(
  'messages',
  {
    recordId: uuid('record_id').primaryKey(),
    instanceId: instanceIdUnchecked(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    eventKey: uuid('event_key').notNull(),
    accountId: uuid('account_id').notNull(),
    conversationId: uuid('conversation_id').notNull(),
    direction: text('direction').$type<Direction>().notNull(),
    receivedAt: instant('received_at').notNull(),
    status: text('status').$type<ReceiptStatus>(),
    statusRank: smallint('status_rank').notNull(),
  },
  (table) => [
    uniqueIndex('messages_by_sequence').on(table.instanceId, table.sequence),
    uniqueIndex('messages_by_event').on(table.instanceId, table.eventKey),
    index('messages_by_account').on(table.instanceId, table.accountId, table.sequence),
    index('messages_by_conversation').on(table.instanceId, table.conversationId, table.sequence),
    index('messages_by_time').on(table.instanceId, table.receivedAt),
  ],
);

/**
 * Projection: between which numbers of the journal the messages lie that were received in an hour. Numbers follow the times
 * closely, but for what waited somewhere; with this a page of a time is found without looking at all that came before it.
 */
export const messageHours = pgTable(
  'message_hours',
  {
    instanceId: instanceId(),
    /** The beginning of the hour. */
    hour: instant('hour').notNull(),
    firstSequence: bigint('first_sequence', { mode: 'number' }).notNull(),
    lastSequence: bigint('last_sequence', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.hour] })],
);

/** Projection: receipts by the message they are about, which may not be known yet. */
export const receipts = pgTable(
  'receipts',
  {
    instanceId: instanceIdUnchecked(),
    aboutKey: uuid('about_key').notNull(),
    sequence: bigint('sequence', { mode: 'number' }).notNull(),
    status: text('status').$type<ReceiptStatus>().notNull(),
    rank: smallint('rank').notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.aboutKey, table.sequence] })],
);

/**
 * - `referenced`: known by its reference only; its bytes were not fetched, or not yet.
 * - `stored`: its bytes are in the blob store.
 * - `gone`: its bytes cannot be had; a gap record says why.
 */
export type AttachmentState = 'referenced' | 'stored' | 'gone';

/** What a message points to. `sealed`: reference, name, type, length and digest. */
export const attachments = pgTable(
  'attachments',
  {
    id: uuid('id').primaryKey(),
    instanceId: instanceId(),
    recordId: uuid('record_id')
      .notNull()
      .references(() => records.id),
    position: integer('position').notNull(),
    state: text('state').$type<AttachmentState>().notNull(),
    sealed: bytea('sealed').notNull(),
    /** Id of the bytes in the blob store, once they are there. */
    blobId: text('blob_id'),
  },
  (table) => [
    index('attachments_by_record').on(table.recordId),
    index('attachments_by_blob').on(table.blobId).where(sql`blob_id is not null`),
  ],
);

/**
 * Other keys under which a provider names an event: a message that we asked it to send has our key first, and the
 * provider's from its answer on. Both are keyed ids.
 */
export const eventAliases = pgTable(
  'event_aliases',
  {
    instanceId: instanceId(),
    alias: uuid('alias').notNull(),
    eventKey: uuid('event_key').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.instanceId, table.alias] }),
    index('event_aliases_by_event').on(table.instanceId, table.eventKey),
  ],
);
