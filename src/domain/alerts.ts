import { newId } from '../core/ids.js';
import { type AlertReason, type AlertRow, closeAlert, insertAlert } from '../db/alerts.js';
import type { Database, Queries } from '../db/client.js';
import type { OwnEvent } from '../sdk/index.js';
import { accountGap, isAboutAccount } from './account-gaps.js';
import type { Account } from './accounts.js';
import { captureOwn, ownConnector } from './own-captures.js';
import { openReconciliation, overlapMs, type Stretch } from './reconciliations.js';
import type { Tenant } from './tenants.js';

/** Something that is wrong now. */
export interface Condition {
  readonly reason: AlertReason;
  /** Id of the sink, account, node or instance. */
  readonly subject: string;
  /** A sentence for a person. Names nobody, and holds no secret. */
  readonly detail: string;
  readonly since: Date;
}

/**
 * Opens an alert, and puts it on record in the same transaction. Undefined when it is open already: a condition that lasts
 * is one alert, whatever follows from it. One about an account is a gap as well: what was missed is asked of the provider,
 * where that can be.
 *
 * @param account that it is about; undefined where it is about something else, or this node does not know it.
 */
export async function openAlert(
  database: Database,
  tenant: Tenant,
  { reason, subject, detail, since }: Condition,
  account?: Account,
): Promise<AlertRow | undefined> {
  const opening = { id: newId(), instanceId: tenant.id, openedAt: new Date() };
  const alert = { ...opening, reason, subject, detail, since };
  const opened = await database.orm.transaction(async (tx) => {
    if (!(await insertAlert(tx, alert))) return false;
    const event: OwnEvent = { ...eventOf(alert), state: 'open', since: since.toISOString() };
    const gap = accountGap(alert, account, { since });
    await captureOwn(tx, tenant.vault, accountOf(alert), { events: [event, ...gap] });
    await askProvider(tx, tenant, alert, account, { since, until: alert.openedAt });
    return true;
  });
  return opened ? { ...alert, closedAt: null } : undefined;
}

/** Closes an alert, and puts that on record likewise. False when another node was first. */
export async function endAlert(
  database: Database,
  tenant: Tenant,
  alert: AlertRow,
  account?: Account,
): Promise<boolean> {
  const closedAt = new Date();
  const since = alert.since ?? alert.openedAt;
  return database.orm.transaction(async (tx) => {
    if (!(await closeAlert(tx, alert.id, closedAt))) return false;
    const opening = eventOf(alert);
    const event: OwnEvent = {
      ...opening,
      key: `${opening.key}/closed`,
      about: opening.key,
      state: 'closed',
      since: since.toISOString(),
      until: closedAt.toISOString(),
    };
    const gap = accountGap(alert, account, { since, until: closedAt });
    await captureOwn(tx, tenant.vault, accountOf(alert), { events: [event, ...gap] });
    await askProvider(tx, tenant, alert, account, { since: alert.openedAt, until: closedAt });
    return true;
  });
}

/** Has the provider list the time in which an account was not as it should be, where it can. */
async function askProvider(
  tx: Queries,
  tenant: Tenant,
  alert: Pick<AlertRow, 'reason'>,
  account: Account | undefined,
  { since, until }: Stretch,
): Promise<void> {
  if (!isAboutAccount(alert) || account?.connector.reconcile === undefined) return;
  const window = { since: new Date(since.getTime() - overlapMs), until };
  await openReconciliation(tx, tenant, account, { cause: 'watchdog', ...window });
}

function eventOf({ id, reason, subject, detail }: Pick<AlertRow, 'id' | 'reason' | 'subject' | 'detail'>) {
  return { kind: 'alert', key: `alert/${id}`, channel: ownConnector, reason, subject, detail } as const;
}

/** What is about an account goes where the account's records go. */
function accountOf(alert: Pick<AlertRow, 'reason' | 'subject'>): string | null {
  return isAboutAccount(alert) ? alert.subject : null;
}
