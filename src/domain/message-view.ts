import type { Queries } from '../db/client.js';
import { type RecordRow, readRecordsById } from '../db/journal.js';
import { type AttachmentRow, type MessageRow, readAttachments } from '../db/message-log.js';
import type { Content, Direction, Person, ReceiptStatus } from '../sdk/index.js';
import { addressId } from './addresses.js';
import { openAttachment } from './attachments.js';
import { addressesOf, eventTime } from './parties.js';
import { partiesAt, type Resolve, resolvePeople } from './people.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

/** An attachment as people see it. What is not known is null. */
export interface AttachmentView {
  readonly id: string;
  readonly contentType: string | null;
  readonly byteLength: number | null;
  readonly sha256: string | null;
  /** Of sound and film, as far as the provider says, or the sender by it. */
  readonly durationSeconds: number | null;
  readonly state: AttachmentRow['state'];
}

/** One line of the message log. Times are ISO 8601, UTC, with milliseconds. */
export interface MessageView {
  readonly id: string;
  readonly kind: 'message';
  readonly direction: Direction;
  readonly connector: string;
  readonly account: string;
  readonly conversation: string;
  /** As the provider wrote it; null when the content was erased. */
  readonly from: string | null;
  readonly to: string[];
  readonly text: string | null;
  /** The highest that any receipt reported; null when nothing is known. */
  readonly status: ReceiptStatus | null;
  /** The provider's claim. */
  readonly sentAt: string | null;
  readonly receivedAt: string;
  readonly recordedAt: string;
  readonly attachments: AttachmentView[];
  readonly custodian: Person | null;
  readonly contact: Person | null;
  /** By whose the addresses were at that time, as far as is known today; the record keeps what was known then. */
  readonly custodianNow: Person | null;
  readonly contactNow: Person | null;
  /** Present when the content was destroyed; what stood in it is null or empty then. */
  readonly erased?: true;
}

type MessageContent = Extract<Content, { kind: 'message' }>;

/** Opens the records of these lines of the log, and no others: the same few queries, however many lines. */
export async function readMessageViews(
  queries: Queries,
  tenant: Tenant,
  rows: readonly MessageRow[],
): Promise<MessageView[]> {
  const ids = rows.map((row) => row.recordId);
  const records = await readRecordsById(queries, ids);
  const attachments = await readAttachments(queries, ids);
  const opened = rows.map((row) => {
    const record = records.get(row.recordId);
    if (record === undefined)
      throw new Error(`The message log names record ${row.recordId}, which is missing.`);
    const content = contentOf(tenant, record);
    return { row, record, content, addressIds: content === null ? [] : addressIdsOf(tenant, content) };
  });
  const resolve = await resolvePeople(
    queries,
    tenant,
    opened.flatMap(({ addressIds }) => addressIds),
  );
  return opened.map((each) => messageView(tenant, each, attachments.get(each.row.recordId) ?? [], resolve));
}

interface Opened {
  readonly row: MessageRow;
  readonly record: RecordRow;
  readonly content: MessageContent | null;
  readonly addressIds: readonly string[];
}

function addressIdsOf({ vault }: Tenant, content: MessageContent): string[] {
  return addressesOf(content).map(({ address }) => addressId(vault, address.value));
}

function messageView(
  tenant: Tenant,
  { row, record, content, addressIds }: Opened,
  attachments: readonly AttachmentRow[],
  resolve: Resolve,
): MessageView {
  const skeleton = readSkeleton(record);
  const at = eventTime(skeleton.times.claimed?.at, skeleton.times.received);
  const now = partiesAt(resolve, addressIds, at);
  return {
    id: row.recordId,
    kind: 'message',
    direction: row.direction,
    connector: skeleton.connector,
    account: row.accountId,
    conversation: row.conversationId,
    from: content?.from.asReceived ?? null,
    to: content?.to.map((address) => address.asReceived) ?? [],
    text: content?.text ?? null,
    status: row.status,
    sentAt: skeleton.times.claimed?.at ?? null,
    receivedAt: skeleton.times.received,
    recordedAt: skeleton.times.recorded,
    attachments: attachments.map((each) => attachmentView(tenant, each, content === null)),
    custodian: content?.custodian ?? null,
    contact: content?.contact ?? null,
    custodianNow: now.custodian ?? null,
    contactNow: now.contact ?? null,
    ...(content === null ? { erased: true as const } : {}),
  };
}

function contentOf(tenant: Tenant, record: RecordRow): MessageContent | null {
  if (record.sealedContent === null) return null;
  const { content } = openContent(tenant.vault, record);
  if (content.kind === 'message') return content;
  throw new Error(`The message log names record ${record.id}, which is of the kind ${content.kind}.`);
}

export function attachmentView(tenant: Tenant, row: AttachmentRow, erased: boolean): AttachmentView {
  const known = erased ? undefined : openAttachment(tenant.vault, row);
  return {
    id: row.id,
    contentType: known?.contentType ?? null,
    byteLength: known?.byteLength ?? null,
    sha256: known?.sha256 ?? null,
    durationSeconds: known?.durationSeconds ?? null,
    state: row.state,
  };
}
