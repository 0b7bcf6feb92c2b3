import type { Database, Queries } from '../../db/client.js';
import { auditAct } from '../../domain/audit.js';
import type { Tenant } from '../../domain/tenants.js';

export interface Replay {
  readonly actor: string;
  readonly action: 'dead-letters.replay' | 'quarantine.replay';
  /** Undefined: all of the instance. */
  readonly ids: readonly string[] | undefined;
  /** Puts them back to work, and returns how many. */
  readonly replay: (tx: Queries, request: { instanceId: string; ids?: readonly string[] }) => Promise<number>;
}

/** Puts back to work what was set aside, and notes who did. Returns how many. */
export function replayAside(
  database: Database,
  tenant: Tenant,
  { actor, action, ids, replay }: Replay,
): Promise<number> {
  return database.orm.transaction(async (tx) => {
    const replayed = await replay(tx, { instanceId: tenant.id, ...(ids && { ids }) });
    const detail = { ids: ids ?? 'all', replayed };
    await auditAct(tx, tenant, { actor, action, subject: tenant.id, detail });
    return replayed;
  });
}
