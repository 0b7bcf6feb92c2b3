import type { AccountHealth } from '../db/account-health.js';
import type { Condition } from '../domain/alerts.js';
import type { SessionState } from '../sdk/index.js';

/** Shorter silences are no news, whatever the habit is. */
const silenceMinMs = 30 * 60_000;

/**
 * What is wrong with an account: it should be open and is not, or nothing has come for longer than its operator, or else
 * its own habit, leads to expect. One that is not open is not said to be silent as well.
 *
 * @param habitMs its longest silence of the last weeks; undefined while that is not known.
 */
export function accountConditions(
  account: AccountHealth,
  habitMs: number | undefined,
  { notOpenMs }: { readonly notOpenMs: number },
  now: Date,
): Condition[] {
  const { id: subject, lastAt, session } = account;
  const notOpenSince = session?.notOpenSince;
  if (session != null && notOpenSince != null) {
    if (now.getTime() - notOpenSince.getTime() < notOpenMs) return [];
    const detail = `Account ${subject} is not open (${session.state}). ${nextOf(session.state)}`;
    return [{ reason: 'account-not-open', subject, detail, since: notOpenSince }];
  }
  const limit = limitOf(account, habitMs);
  if (limit === undefined || now.getTime() - lastAt.getTime() <= limit.durationMs) return [];
  const detail = `Account ${subject} had no message for more than ${minutes(limit.durationMs)} minutes${limit.why}; see archway account test.`;
  return [{ reason: 'account-silent', subject, detail, since: lastAt }];
}

/** The word of an operator comes before the habit. */
function limitOf({ expectEveryMinutes }: AccountHealth, habitMs: number | undefined) {
  if (expectEveryMinutes !== null) return { durationMs: expectEveryMinutes * 60_000, why: '' };
  if (habitMs === undefined) return undefined;
  const why = `, and its longest silence of the last weeks had ${minutes(habitMs)}`;
  return { durationMs: Math.max(2 * habitMs, silenceMinMs), why };
}

function minutes(durationMs: number): number {
  return Math.round(durationMs / 60_000);
}

/** What is done about it, and by whom. */
function nextOf(state: SessionState): string {
  switch (state) {
    case 'awaiting-pairing':
    case 'logged-out':
      return 'A person has to link it: archway account link.';
    case 'replaced':
      return 'Another program has taken its place, and a person has to decide which it shall be; see archway account list.';
    case 'banned':
      return 'The provider has shut it out, and a person has to settle that there.';
    default:
      return 'It is tried again by itself; see archway account list.';
  }
}
