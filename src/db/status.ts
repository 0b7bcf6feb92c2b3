import { sql } from 'drizzle-orm';
import type { Queries } from './client.js';

export interface InstanceCounts {
  readonly records: number;
  /** Records that no sink took, by the filters that there were. */
  readonly unmatched: number;
  readonly messages: number;
  readonly capturesPending: number;
  readonly capturesQuarantined: number;
  /** Receipts about messages that the journal does not hold. */
  readonly parkedReceipts: number;
}

/** How much of everything an instance has. The journal has no holes, so its last number is its length. */
export async function countInstance(queries: Queries, instanceId: string): Promise<InstanceCounts> {
  const rows = await queries.execute<Record<keyof InstanceCounts, number>>(sql`
    select
      (select last_sequence from journals where instance_id = ${instanceId})::float8 as "records",
      (select unmatched from journals where instance_id = ${instanceId})::float8 as "unmatched",
      (select count(*) from messages where instance_id = ${instanceId})::float8 as "messages",
      (select count(*) from captures
        where instance_id = ${instanceId} and state = 'pending')::float8 as "capturesPending",
      (select count(*) from captures
        where instance_id = ${instanceId} and state = 'quarantined')::float8 as "capturesQuarantined",
      (select count(*) from receipts
        where receipts.instance_id = ${instanceId} and not exists (
          select 1 from messages
          where messages.instance_id = receipts.instance_id
            and messages.event_key = receipts.about_key))::float8 as "parkedReceipts"`);
  return rows[0] as InstanceCounts;
}
