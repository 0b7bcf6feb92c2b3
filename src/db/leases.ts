import { sql } from 'drizzle-orm';
import type { Queries } from './client.js';

export interface Lease {
  readonly name: string;
  readonly holder: string;
  /** Grows with each change of owner. */
  readonly fence: number;
}

export interface LeaseRequest {
  readonly name: string;
  readonly instanceId: string;
  readonly holder: string;
  readonly durationMs: number;
}

/**
 * Takes or renews a lease; null while another holder has it. The database's clock decides, so that nodes need not agree
 * on the time.
 */
export async function acquireLease(queries: Queries, request: LeaseRequest): Promise<Lease | null> {
  const rows = await queries.execute<{ fence: number }>(sql`
    insert into leases (name, instance_id, holder, fence, expires_at)
    values (${request.name}, ${request.instanceId}, ${request.holder}, 1,
            now() + ${request.durationMs} * interval '1 millisecond')
    on conflict (name) do update set
      holder = excluded.holder,
      fence = case when leases.holder = excluded.holder then leases.fence else leases.fence + 1 end,
      expires_at = excluded.expires_at
    where leases.holder = excluded.holder or leases.expires_at < now()
    returning fence`);
  const [row] = rows;
  return row === undefined ? null : { name: request.name, holder: request.holder, fence: row.fence };
}

/** Gives the lease up at once, so that another node need not wait for its end. */
export async function releaseLease(queries: Queries, lease: Lease): Promise<void> {
  await queries.execute(
    sql`update leases set expires_at = now() where name = ${lease.name} and holder = ${lease.holder}`,
  );
}
