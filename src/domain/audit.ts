import { writeAudit } from '../db/access.js';
import type { Queries } from '../db/client.js';
import type { InstanceVault } from '../vault/index.js';
import type { Tenant } from './tenants.js';

export interface AuditedAct {
  /** An API key id, or `system`. */
  readonly actor: string;
  /** `account.add`, `dead-letters.replay` … */
  readonly action: string;
  /** Id of what was acted on. */
  readonly subject: string;
  /** What else is worth knowing later, such as a name. No secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

const place = ({ action, subject }: Pick<AuditedAct, 'action' | 'subject'>) => ({
  table: 'audit_trail',
  id: `${action}/${subject}`,
  column: 'sealed_detail',
});

/** Notes who did what. MUST run in the transaction of the act, so that neither stands without the other. */
export async function auditAct(tx: Queries, tenant: Tenant, act: AuditedAct): Promise<void> {
  const { actor, action, subject, detail } = act;
  await writeAudit(tx, {
    instanceId: tenant.id,
    actor,
    action,
    subject,
    ...(detail && { sealedDetail: tenant.vault.sealJson(detail, place(act)) }),
  });
}

/** @throws {SealError} when the row was changed or moved. */
export function openAuditDetail(
  vault: InstanceVault,
  row: { readonly action: string; readonly subject: string; readonly sealedDetail: Uint8Array },
): Record<string, unknown> {
  return vault.openJson(row.sealedDetail, place(row)) as Record<string, unknown>;
}
