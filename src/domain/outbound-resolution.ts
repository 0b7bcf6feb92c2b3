import type { Database } from '../db/client.js';
import { type OutboundRow, settleOutbound } from '../db/outbound.js';
import { auditAct } from './audit.js';
import { openOutbound } from './outbound-draft.js';
import { outboundWord } from './outbound-word.js';
import { captureOwn } from './own-captures.js';
import type { Tenant } from './tenants.js';

/**
 * A person looked at the provider and says what became of a message without an answer. Nothing is sent: one that did not
 * arrive may be requested anew.
 *
 * @returns false when it is not indeterminate.
 */
export async function resolveOutbound(
  { orm }: Database,
  tenant: Tenant,
  row: OutboundRow,
  { outcome, actor }: { readonly outcome: 'sent' | 'not-sent'; readonly actor: string },
): Promise<boolean> {
  const state = outcome === 'sent' ? 'accepted' : 'rejected';
  const explanation =
    outcome === 'sent'
      ? 'A person found at the provider that it was sent.'
      : 'A person found at the provider that it was not sent.';
  const error = { code: 'resolved', message: explanation };
  return orm.transaction(async (tx) => {
    const settled = { id: row.id, attempts: row.attempts, state, reason: 'resolved', explanation } as const;
    if (!(await settleOutbound(tx, settled, ['indeterminate']))) return false;
    const draft = openOutbound(tenant.vault, row);
    await captureOwn(tx, tenant.vault, row.accountId, {
      events: [outboundWord(row.id, draft, state, outcome === 'sent' ? undefined : error)],
    });
    await auditAct(tx, tenant, { actor, action: 'outbound.resolve', subject: row.id, detail: { outcome } });
    return true;
  });
}
