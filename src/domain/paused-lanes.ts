import { sql } from 'drizzle-orm';
import type { Queries } from '../db/client.js';

/**
 * Makes due what waits no longer than the pause of its sink, so that the end of the pause is the end of the waiting; what
 * waits by a schedule of its own stays. Call before the pause is ended, in the same transaction.
 */
export async function hurryPausedLanes(tx: Queries, sinkId: string): Promise<void> {
  await tx.execute(sql`select 1 from sinks where id = ${sinkId} for update`);
  const paused = sql`sink_id = ${sinkId} and due_at > now()
    and due_at <= (select paused_until from sinks where id = ${sinkId})`;
  // In the order in which everybody locks lanes, so that two transactions never wait for each other.
  await tx.execute(sql`select 1 from lanes where ${paused} order by sink_id, lane for update`);
  await tx.execute(sql`update lanes set due_at = now() where ${paused}`);
}
