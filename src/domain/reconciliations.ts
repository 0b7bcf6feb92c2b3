import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import {
  type Counts,
  insertReconciliation,
  type ReconciliationCause,
  type ReconciliationRow,
  readReconciliation,
  takeOpenGapsWithin,
} from '../db/reconciliations.js';
import { listAccounts } from '../db/tenancy.js';
import type { OwnEvent } from '../sdk/index.js';
import type { Account } from './accounts.js';
import { captureOwn } from './own-captures.js';
import type { Tenant } from './tenants.js';

export interface Stretch {
  readonly since: Date;
  readonly until: Date;
}

const second = 1_000;
const day = 24 * 60 * 60 * second;
/** A provider's clock and its retries need not agree with our idea of when the door was closed. */
export const overlapMs = 5 * 60 * second;
/** Shorter closures are within what providers try again by themselves; they are looked at, and make no gap record. */
const gapMinMs = 30 * second;

/**
 * The door to providers was closed for a while: puts the window on the list of what is to be compared with the provider,
 * with a gap record that stays open until that is done, or for good where the connector cannot list.
 */
export async function noteClosedDoor(
  tx: Queries,
  tenant: Tenant,
  accounts: readonly Account[],
  closed: Stretch & { readonly cause: ReconciliationCause },
): Promise<void> {
  const { cause, until } = closed;
  const known = closed.until.getTime() - closed.since.getTime() >= gapMinMs;
  const window = { since: new Date(closed.since.getTime() - overlapMs), until };
  for (const account of accounts) {
    const lists = account.connector.reconcile !== undefined;
    if (!lists && !known) continue;
    await openReconciliation(tx, tenant, account, { ...window, cause, ...(known && { gap: closed }) });
  }
}

/**
 * Puts a window of an account on the list. Undefined when it is empty (before the account was added), or there already.
 *
 * @param request.gap for how long traffic is known to be missed.
 */
export async function openReconciliation(
  tx: Queries,
  tenant: Tenant,
  account: Account,
  request: Stretch & { readonly cause: ReconciliationCause; readonly gap?: Stretch },
): Promise<ReconciliationRow | undefined> {
  const { cause, until } = request;
  const bounds = await boundsOf(tx, account);
  const since = laterOf(request.since, cause === 'operator' ? bounds.listed : bounds.added, bounds.listed);
  const gap = request.gap && { since: laterOf(request.gap.since, bounds.added), until: request.gap.until };
  const isGap = gap !== undefined && gap.since < gap.until;
  const id = newId();
  const canList = account.connector.reconcile !== undefined;
  if (since >= until) return undefined;
  const state = canList ? 'pending' : 'unlistable';
  const row = {
    id,
    instanceId: tenant.id,
    accountId: account.id,
    cause,
    since,
    until,
    state,
    gap: isGap,
  } as const;
  if (!(await insertReconciliation(tx, row))) return undefined;
  if (isGap) {
    const events = [openedGap(account, id, gap, canList)];
    if (canList && gap.since < bounds.listed)
      events.push(forgottenGap(account, id, gap.since, bounds.listed));
    await captureOwn(tx, tenant.vault, account.id, { events });
  }
  return (await readReconciliation(tx, id)) ?? undefined;
}

/** From when on there can be anything: since the account is ours, and since when the provider still lists. */
async function boundsOf(tx: Queries, account: Account): Promise<{ added: Date; listed: Date }> {
  const rows = await listAccounts(tx, account.instanceId);
  const added = rows.find(({ id }) => id === account.id)?.createdAt ?? new Date(0);
  const { listedDays } = account.connector.capabilities;
  return { added, listed: listedDays === undefined ? new Date(0) : new Date(Date.now() - listedDays * day) };
}

function laterOf(...times: readonly Date[]): Date {
  return new Date(Math.max(...times.map((time) => time.getTime())));
}

function openedGap({ connector }: Account, id: string, gap: Stretch, canList: boolean): OwnEvent {
  const next = canList
    ? 'The provider is asked what there was.'
    : 'This connector cannot ask the provider what there was; what the provider kept for us, it sends by itself.';
  return {
    kind: 'gap',
    key: gapKey(id),
    channel: connector.id,
    state: 'open',
    reason: 'outage',
    detail: `What the provider sent then was not taken, or is not in the backup that was restored. ${next}`,
    ...instants(gap),
  };
}

/** Stays open: nobody can list it any more. */
function forgottenGap({ connector }: Account, id: string, since: Date, until: Date): OwnEvent {
  return {
    kind: 'gap',
    key: `${gapKey(id)}/no-longer-listed`,
    channel: connector.id,
    state: 'open',
    reason: 'no-longer-listed',
    detail: 'What the provider sent then was not taken, and the provider no longer lists that time.',
    ...instants({ since, until }),
  };
}

/**
 * The end of a listing as evidence: what was observed, recorded, missing, late. Closes the gap that was opened for it, and
 * those of windows within it that the provider had refused before.
 *
 * @param listed with the counts of all of it.
 */
export async function closeGaps(
  tx: Queries,
  tenant: Tenant,
  account: Account,
  listed: ReconciliationRow,
): Promise<void> {
  const within = await takeOpenGapsWithin(tx, listed);
  const windows = listed.gap ? [listed, ...within] : within;
  if (windows.length === 0) return;
  const events = windows.map((window) => closedGap(account, window, listed));
  await captureOwn(tx, tenant.vault, account.id, { events });
}

function closedGap({ connector }: Account, { id, ...window }: ReconciliationRow, counts: Counts): OwnEvent {
  const { observed, recorded, missing, late } = counts;
  return {
    kind: 'gap',
    key: `${gapKey(id)}/closed`,
    about: gapKey(id),
    channel: connector.id,
    state: 'closed',
    reason: 'outage',
    detail:
      `The provider listed that time: ${observed} observed, ${recorded} recorded already, ` +
      `${missing} missing and captured now, ${late} late by themselves.`,
    ...instants(window),
  };
}

function gapKey(id: string): string {
  return `gap/outage/${id}`;
}

function instants({ since, until }: Stretch): { since: string; until: string } {
  return { since: since.toISOString(), until: until.toISOString() };
}
