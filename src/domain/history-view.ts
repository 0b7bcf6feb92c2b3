import type { Queries } from '../db/client.js';
import { type RecordRow, readHistory } from '../db/journal.js';
import type { Content, Person, RecordKind } from '../sdk/index.js';
import { partiesIn } from './people.js';
import { openContent, readSkeleton } from './records.js';
import type { Tenant } from './tenants.js';

interface ReceiptError {
  readonly code: string;
  readonly message: string | null;
}

/** What one record says, in the few fields that its kind is read for. */
export interface Summary {
  readonly from?: string | null;
  readonly text?: string | null;
  readonly status?: string;
  readonly error?: ReceiptError | null;
  readonly emoji?: string | null;
  readonly action?: string;
  readonly state?: string;
  readonly reason?: string;
  readonly detail?: string;
}

/** One step in the life of a message. Times are ISO 8601, UTC, with milliseconds. */
export interface HistoryEntry extends Summary {
  readonly sequence: number;
  readonly id: string;
  readonly kind: RecordKind;
  readonly recordedAt: string;
  readonly receivedAt: string;
  /** The provider's claim. */
  readonly occurredAt: string | null;
  /** As resolved when it was recorded, and as it stands in the record. */
  readonly custodian: Person | null;
  readonly contact: Person | null;
  /** Present when the content was destroyed: no summary is left then. */
  readonly erased?: true;
}

/** A record and everything that is about it, in the order of the journal. */
export async function readHistoryEntries(
  queries: Queries,
  tenant: Tenant,
  eventKey: string,
): Promise<HistoryEntry[]> {
  const rows = await readHistory(queries, tenant.id, eventKey);
  return rows.map((row) => historyEntry(tenant, row));
}

export function historyEntry(tenant: Tenant, row: RecordRow): HistoryEntry {
  const { sequence, id, kind, times } = readSkeleton(row);
  const content = row.sealedContent === null ? undefined : openContent(tenant.vault, row).content;
  const { custodian = null, contact = null } = content === undefined ? {} : partiesIn(content);
  return {
    sequence,
    id,
    kind,
    recordedAt: times.recorded,
    receivedAt: times.received,
    occurredAt: times.claimed?.at ?? null,
    custodian,
    contact,
    ...(content === undefined ? { erased: true } : summarise(content)),
  };
}

function summarise(content: Content): Summary {
  const from = 'from' in content ? (content.from?.asReceived ?? null) : null;
  switch (content.kind) {
    case 'message':
    case 'edit':
      return { from, text: content.text ?? null };
    case 'receipt':
      return { status: content.status, error: errorOf(content) };
    case 'reaction':
      return { from, emoji: content.emoji };
    case 'consent':
      return { from, action: content.action };
    case 'conflict':
      return { reason: content.reason, text: 'text' in content.event ? (content.event.text ?? null) : null };
    case 'gap':
    case 'alert':
      return { state: content.state, reason: content.reason, detail: content.detail };
    case 'unsupported':
      return { reason: content.reason };
    case 'membership':
      return { action: content.action };
    case 'call':
      return { from, status: content.status, ...(content.error && { error: errorOf(content) }) };
    case 'recording':
      return { status: content.status };
    case 'attachment':
    case 'alias':
      return {};
    case 'deletion':
      return { from };
  }
}

function errorOf({ error }: Pick<Extract<Content, { kind: 'receipt' }>, 'error'>): ReceiptError | null {
  return error === undefined ? null : { code: error.code, message: error.message ?? null };
}
