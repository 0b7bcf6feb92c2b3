import { and, asc, eq, gt } from 'drizzle-orm';
import type { RecordKind } from '../sdk/index.js';
import type { Queries } from './client.js';
import type { RecordRow } from './journal.js';
import { records } from './schema/index.js';

export interface RecordFilter {
  readonly instanceId: string;
  /** Sequence number of the last record that was read; 0 for the beginning. */
  readonly after: number;
  readonly limit: number;
  readonly kind?: RecordKind | undefined;
  readonly conversationId?: string | undefined;
}

/** The journal, or those of its records that pass the filter, in its order. */
export async function readRecordPage(queries: Queries, filter: RecordFilter): Promise<RecordRow[]> {
  const { kind, conversationId } = filter;
  return queries
    .select()
    .from(records)
    .where(
      and(
        eq(records.instanceId, filter.instanceId),
        gt(records.sequence, filter.after),
        kind === undefined ? undefined : eq(records.kind, kind),
        conversationId === undefined ? undefined : eq(records.conversationId, conversationId),
      ),
    )
    .orderBy(asc(records.sequence))
    .limit(filter.limit);
}
