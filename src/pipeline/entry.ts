import { canonicalBytes } from '../core/canonical.js';
import { leafHash, saltedBytesDigest, saltedJsonDigest, saltedSha256 } from '../core/digest.js';
import { newId } from '../core/ids.js';
import { initialStatus, receiptRank } from '../core/receipt-status.js';
import type { NewCallFact } from '../db/calls.js';
import type { NewConsent } from '../db/consents.js';
import type { NewAddress, NewAttachment, NewReceipt, NewRecord } from '../db/journal.js';
import type { NewMediaJob } from '../db/media-jobs.js';
import type { NewMessage } from '../db/message-log.js';
import { addressId } from '../domain/addresses.js';
import { blobReferencePrefix, type RecordAttachment, sealAttachment } from '../domain/attachments.js';
import { callFactOf } from '../domain/calls.js';
import { conversationIdOf } from '../domain/conversation-ids.js';
import { addressesOf, eventTime } from '../domain/parties.js';
import { firstParties, type Parties, partiesAt, type Resolve } from '../domain/people.js';
import { sealContent } from '../domain/records.js';
import type { Tenant } from '../domain/tenants.js';
import { type Touch, touchOf } from '../domain/threads.js';
import type { Content, OwnEvent, Provenance, Skeleton } from '../sdk/index.js';
import type { Draft, DraftContent, Source } from './draft.js';

/** A finished record with what is found by it: the rows of one journal entry. */
export interface Entry {
  readonly record: NewRecord;
  readonly addresses: NewAddress[];
  readonly attachments: NewAttachment[];
  readonly mediaJobs: NewMediaJob[];
  readonly message: NewMessage | undefined;
  readonly receipt: NewReceipt | undefined;
  readonly consents: NewConsent[];
  /** What it says about a leg of a call. */
  readonly callFact: NewCallFact | undefined;
  readonly source: Source;
  /** Whom it names. */
  readonly parties: Parties;
  /** What it says about its conversation. */
  readonly touch: Touch | undefined;
  /** Deliveries of one lane go out in order: the conversation, or else the account, or else the instance. */
  readonly lane: string;
}

export interface EntryContext {
  readonly tenant: Tenant;
  readonly people: Resolve;
  /** Whom the thing concerns that it is about. */
  readonly peopleBehind: (draft: Draft) => Parties;
  readonly recordedAt: Date;
}

/** Turns a draft into the entry with this sequence number. */
export function makeEntry(draft: Draft, sequence: number, context: EntryContext): Entry {
  const { tenant } = context;
  const { origin, row, capture } = draft.source;
  const id = newId();
  const claimed = 'occurredAt' in draft.content ? draft.content.occurredAt : undefined;
  const at = eventTime(claimed?.at, row.receivedAt);
  const parties = partiesOf(draft, at, context);
  const content = finishContent(draft.content, parties, tenant);
  const attachments = 'attachments' in content ? content.attachments : [];
  const conversationId = conversationOf(draft, tenant);
  const salt = Buffer.from(draft.salt).toString('base64');
  const skeleton = {
    version: 1,
    instance: tenant.id,
    sequence,
    id,
    kind: draft.kind,
    key: draft.eventKey,
    about: draft.aboutKey,
    connector: origin.connector,
    connectorVersion: origin.parserVersion,
    account: origin.accountId,
    conversation: conversationId,
    provenance: row.provenance as Provenance,
    times: {
      claimed,
      received: row.receivedAt,
      recorded: context.recordedAt.toISOString(),
    },
    capture: capture && { id: row.id, digest: saltedBytesDigest(draft.salt, capture.body) },
    attachments: attachmentsOf(draft, content),
    contentDigest: saltedJsonDigest(draft.salt, content),
  } satisfies { [Key in keyof Skeleton]: Skeleton[Key] | undefined };
  const skeletonBytes = canonicalBytes(skeleton);
  const record: NewRecord = {
    id,
    instanceId: tenant.id,
    sequence,
    kind: draft.kind,
    eventKey: draft.eventKey,
    aboutKey: draft.aboutKey ?? null,
    accountId: origin.accountId ?? null,
    conversationId: conversationId ?? null,
    captureId: row.id,
    connectorVersion: origin.parserVersion,
    receivedAt: new Date(row.receivedAt),
    recordedAt: context.recordedAt,
    skeleton: skeletonBytes,
    sealedContent: sealContent(tenant.vault, id, { content, salt }),
    eventDigest: Buffer.from(draft.eventDigest, 'hex'),
    leafHash: leafHash(skeletonBytes),
    custodianIds: custodiansOf(draft.content, at, context),
  };
  return {
    record,
    addresses: addressRows(draft.content, tenant, sequence),
    attachments: attachmentRows(draft, tenant, id, attachments),
    mediaJobs: mediaJobsOf(draft, attachments, context),
    message: messageRow(draft, record),
    receipt: receiptRow(draft, record),
    source: draft.source,
    parties,
    touch: touchOf(tenant, draft.content, { conversationId, account: draft.source.account, at, sequence }),
    callFact: callFact(draft, record, at),
    consents: consentRows(draft.content, tenant, sequence),
    lane: conversationId ?? origin.accountId ?? tenant.id,
  };
}

function attachmentRows(
  draft: Draft,
  { id: instanceId, vault }: Tenant,
  recordId: string,
  attachments: readonly RecordAttachment[],
): NewAttachment[] {
  return attachments.map((attachment, position) => ({
    id: attachment.id,
    instanceId,
    recordId,
    position,
    ...bytesOf(draft, attachment),
    sealed: sealAttachment(vault, attachment),
  }));
}

/**
 * What the connector knows how to fetch. Also what has no reference: that its bytes cannot be had must be put on record. Not
 * what the gateway itself sent: those bytes it has.
 */
function mediaJobsOf(
  { source: { account, row } }: Draft,
  attachments: readonly { readonly id: string }[],
  { tenant, recordedAt }: EntryContext,
): NewMediaJob[] {
  if (account?.connector.media === undefined || row.provenance === 'internal') return [];
  return attachments.map(({ id }) => ({
    attachmentId: id,
    instanceId: tenant.id,
    accountId: account.id,
    dueAt: recordedAt,
  }));
}

/** What the skeleton commits to: ids, and the digest of the bytes where the record is about bytes that were kept. */
function attachmentsOf({ salt }: Draft, content: Content): Skeleton['attachments'] {
  if (content.kind === 'attachment')
    return [{ id: content.attachment, digest: saltedSha256(salt, Buffer.from(content.sha256, 'hex')) }];
  if (!('attachments' in content)) return [];
  return content.attachments.map(({ id, sha256 }) => ({
    id,
    ...(sha256 !== undefined && { digest: saltedSha256(salt, Buffer.from(sha256, 'hex')) }),
  }));
}

/** Of what the gateway itself sends the bytes are kept already; a connector has no way to say so. */
function bytesOf(
  { source }: Draft,
  { reference }: RecordAttachment,
): Pick<NewAttachment, 'state' | 'blobId'> {
  const own = source.row.provenance === ('internal' satisfies Provenance);
  if (!own || reference?.startsWith(blobReferencePrefix) !== true) return { state: 'referenced' };
  return { state: 'stored', blobId: reference.slice(blobReferencePrefix.length) };
}

function conversationOf(draft: Draft, tenant: Tenant): string | undefined {
  const event = draft.content.kind === 'conflict' ? draft.content.event : draft.content;
  if (!('conversation' in event) || event.conversation === undefined) return undefined;
  const { connector, accountId } = draft.source.origin;
  return conversationIdOf(tenant, connector, accountId, event.conversation);
}

/** Adds ids and people; takes away what the instance does not want to keep. */
function finishContent(given: DraftContent, { custodian, contact }: Parties, tenant: Tenant): Content {
  if (given.kind === 'unsupported' || given.kind === 'alert') return given;
  if (given.kind === 'conflict') return { ...given, event: keepWanted(given.event, tenant) };
  const kept = keepWanted(given, tenant);
  // Not checked again: the event was when it was read, and the rest is our own.
  return {
    ...kept,
    ...('attachments' in kept
      ? { attachments: kept.attachments.map((attachment) => ({ ...attachment, id: newId() })) }
      : {}),
    ...(custodian && { custodian }),
    ...(contact && { contact }),
  } as Content;
}

function keepWanted<Event extends OwnEvent>(event: Event, { keepLocation }: Tenant): Event {
  if (keepLocation) return event;
  const kept = { ...event };
  delete kept.location;
  delete kept.device;
  return kept;
}

/** Whose the addresses were; whom these do not tell, what the record is about does. */
function partiesOf(draft: Draft, at: Date, { tenant, people, peopleBehind }: EntryContext): Parties {
  const ids = addressesOf(draft.content).map(({ address }) => addressId(tenant.vault, address.value));
  const own = partiesAt(people, ids, at);
  return own.custodian && own.contact ? own : firstParties([own, peopleBehind(draft)]);
}

/** All custodians among the parties: a conversation between two of them is that of both. */
function custodiansOf(content: DraftContent, at: Date, { tenant, people }: EntryContext): string[] {
  const found = addressesOf(content).flatMap(
    ({ address }) => people(addressId(tenant.vault, address.value), at) ?? [],
  );
  return [...new Set(found.filter(({ role }) => role === 'custodian').map(({ id }) => id))];
}

function addressRows(content: DraftContent, tenant: Tenant, sequence: number): NewAddress[] {
  return addressesOf(content).map(({ address, role }) => ({
    instanceId: tenant.id,
    addressId: addressId(tenant.vault, address.value),
    sequence,
    role,
  }));
}

function messageRow({ content, source }: Draft, record: NewRecord): NewMessage | undefined {
  if (content.kind !== 'message') return undefined;
  const accountId = record.accountId ?? record.instanceId;
  const status = initialStatus(content.direction, source.row.provenance as Provenance);
  return {
    recordId: record.id,
    instanceId: record.instanceId,
    sequence: record.sequence,
    eventKey: record.eventKey,
    accountId,
    conversationId: record.conversationId ?? accountId,
    direction: content.direction,
    receivedAt: record.receivedAt,
    status,
    statusRank: status === null ? 0 : receiptRank(status),
  };
}

function receiptRow({ content, aboutKey }: Draft, record: NewRecord): NewReceipt | undefined {
  if (content.kind !== 'receipt' || aboutKey === undefined) return undefined;
  return {
    instanceId: record.instanceId,
    aboutKey,
    sequence: record.sequence,
    status: content.status,
    rank: receiptRank(content.status),
  };
}

function callFact({ content, parentKey }: Draft, record: NewRecord, at: Date): NewCallFact | undefined {
  return callFactOf(content, {
    recordId: record.id,
    instanceId: record.instanceId,
    sequence: record.sequence,
    accountId: record.accountId ?? record.instanceId,
    conversationId: record.conversationId ?? null,
    legId: record.aboutKey ?? record.eventKey,
    parentId: parentKey ?? null,
    at,
  });
}

function consentRows(content: DraftContent, tenant: Tenant, sequence: number): NewConsent[] {
  if (content.kind !== 'consent' || content.action === 'help') return [];
  const { action, from, to } = content;
  return to.map((own) => ({
    instanceId: tenant.id,
    addressId: addressId(tenant.vault, from.value),
    ownAddressId: addressId(tenant.vault, own.value),
    action,
    sequence,
  }));
}
