import { sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import type { DeliveryState } from './schema/index.js';

export interface InstanceCounts {
  readonly records: number;
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

export type DeliveryCounts = Readonly<Record<DeliveryState, number>>;

/** Deliveries of an instance by sink and state; a sink that never had one is missing. */
export async function countDeliveries(
  queries: Queries,
  instanceId: string,
): Promise<Map<string, DeliveryCounts>> {
  const rows = await queries.execute<{ sink_id: string } & Record<DeliveryState, number>>(sql`
    select sink_id,
      count(*) filter (where state = 'pending')::float8 as pending,
      count(*) filter (where state = 'delivered')::float8 as delivered,
      count(*) filter (where state = 'dead')::float8 as dead
    from deliveries where instance_id = ${instanceId} group by sink_id`);
  return new Map(
    rows.map(({ sink_id, pending, delivered, dead }) => [sink_id, { pending, delivered, dead }]),
  );
}
