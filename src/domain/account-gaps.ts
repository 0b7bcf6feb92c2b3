import type { AlertReason } from '../db/alerts.js';
import type { OwnEvent } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { ownConnector } from './own-captures.js';

/** An alert, as far as a gap tells of it. */
interface About {
  readonly id: string;
  readonly reason: AlertReason;
  /** Names the cause. */
  readonly detail: string;
}

const accountReasons: ReadonlySet<AlertReason> = new Set(['account-silent', 'account-not-open']);

export function isAboutAccount({ reason }: Pick<About, 'reason'>): boolean {
  return accountReasons.has(reason);
}

/**
 * The gap that an alert about an account is: what was said meanwhile may be missing. Open while `until` is not known. None
 * for other alerts.
 */
export function accountGap(
  alert: About,
  account: Account | undefined,
  { since, until }: { readonly since: Date; readonly until?: Date },
): OwnEvent[] {
  if (!isAboutAccount(alert)) return [];
  const { id, reason, detail } = alert;
  const key = `gap/${reason}/${id}`;
  const shared = { kind: 'gap', channel: account?.connector.id ?? ownConnector, reason } as const;
  const canList = account?.connector.reconcile !== undefined;
  if (until === undefined) {
    const asked = canList ? ' The provider is asked what there was.' : '';
    const said = `${detail} What is said meanwhile may be missing.${asked}`;
    return [{ ...shared, key, state: 'open', detail: said, since: since.toISOString() }];
  }
  const asked = canList
    ? ' The provider is asked what there was in that time.'
    : ' This connector cannot ask what there was in that time; what the provider kept comes by itself.';
  return [
    {
      ...shared,
      key: `${key}/closed`,
      about: key,
      state: 'closed',
      detail: `It is over: ${detail}${asked}`,
      since: since.toISOString(),
      until: until.toISOString(),
    },
  ];
}
