import { newId } from '../core/ids.js';
import { type AlertReason, type AlertRow, closeAlert, insertAlert } from '../db/alerts.js';
import type { Database } from '../db/client.js';
import type { OwnEvent } from '../sdk/index.js';
import { captureOwn, ownConnector } from './own-captures.js';
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
 * is one alert, whatever follows from it.
 */
export async function openAlert(
  database: Database,
  tenant: Tenant,
  { reason, subject, detail, since }: Condition,
): Promise<AlertRow | undefined> {
  const alert = { id: newId(), instanceId: tenant.id, reason, subject, detail, openedAt: new Date() };
  const opened = await database.orm.transaction(async (tx) => {
    if (!(await insertAlert(tx, alert))) return false;
    const event: OwnEvent = { ...eventOf(alert), state: 'open', since: since.toISOString() };
    await captureOwn(tx, tenant.vault, accountOf(alert), { events: [event] });
    return true;
  });
  return opened ? { ...alert, closedAt: null } : undefined;
}

/** Closes an alert, and puts that on record likewise. False when another node was first. */
export async function endAlert(database: Database, tenant: Tenant, alert: AlertRow): Promise<boolean> {
  const closedAt = new Date();
  return database.orm.transaction(async (tx) => {
    if (!(await closeAlert(tx, alert.id, closedAt))) return false;
    const opening = eventOf(alert);
    const event: OwnEvent = {
      ...opening,
      key: `${opening.key}/closed`,
      about: opening.key,
      state: 'closed',
      since: alert.openedAt.toISOString(),
      until: closedAt.toISOString(),
    };
    await captureOwn(tx, tenant.vault, accountOf(alert), { events: [event] });
    return true;
  });
}

function eventOf({ id, reason, subject, detail }: Pick<AlertRow, 'id' | 'reason' | 'subject' | 'detail'>) {
  return { kind: 'alert', key: `alert/${id}`, channel: ownConnector, reason, subject, detail } as const;
}

/** What is about an account goes where the account's records go. */
function accountOf({ reason, subject }: Pick<AlertRow, 'reason' | 'subject'>): string | null {
  return reason === 'account-silent' ? subject : null;
}
