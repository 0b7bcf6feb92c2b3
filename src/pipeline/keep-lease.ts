import { pause } from '../core/abort.js';
import type { Lease } from '../db/leases.js';

/**
 * Renews a lease for as long as the work under it lasts, and ends the work when somebody else has it.
 *
 * @param acquire takes or renews the lease; null while another holder has it.
 * @param ended aborted by the caller when the work is done, and by this when the lease is lost.
 */
export async function keepLease(
  acquire: () => Promise<Lease | null>,
  lease: Lease,
  { everyMs, ended }: { readonly everyMs: number; readonly ended: AbortController },
): Promise<void> {
  while (await pause(everyMs, ended.signal)) {
    const renewed = await acquire().catch(() => undefined);
    // Undefined: the database is away. Nothing can be committed then, and the lease may still be ours afterwards.
    if (renewed === null || (renewed !== undefined && renewed.fence !== lease.fence)) ended.abort();
  }
}
