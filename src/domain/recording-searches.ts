import { isSettled } from '../core/call-fold.js';
import type { CallFactRow, CallRow } from '../db/calls.js';
import type { Queries } from '../db/client.js';
import { beginSearches, concludeSearches } from '../db/recording-searches.js';
import type { Account } from './accounts.js';
import type { RecordedCalls } from './calls.js';
import type { Tenant } from './tenants.js';

/** Recordings are made after the call, and providers tell of them when they are: before that nobody is asked. */
const waitMs = 5 * 60 * 1_000;

/**
 * Puts calls that are over without a recording that was announced, or that their account makes of every call, on the list of
 * those whose provider is asked; and takes off what has come. MUST run in the transaction of the records.
 */
export async function expectRecordings(
  tx: Queries,
  tenant: Tenant,
  { made, gone }: RecordedCalls,
  accountOf: (id: string) => Account | undefined,
): Promise<void> {
  const over = made.filter(({ call }) => isSettled(call.outcome));
  const isMissing = ({ call, facts }: RecordedCalls['made'][number]) =>
    lacksRecording(call, facts, recordsCalls(accountOf(call.accountId)));
  const dueAt = new Date(Date.now() + waitMs);
  await beginSearches(
    tx,
    over.filter(isMissing).map(({ call: { id: callId, accountId } }) => {
      return { instanceId: tenant.id, callId, accountId, state: 'waiting' as const, dueAt };
    }),
  );
  const complete = over.filter((each) => !isMissing(each)).map(({ call }) => call.id);
  await concludeSearches(tx, tenant.id, [...complete, ...gone]);
}

/**
 * Whether a recording is still to come: for each that was announced one that ended, in whatever way; and one at least where
 * calls are recorded and people talked.
 */
export function lacksRecording(
  { talkSeconds, outcome }: Pick<CallRow, 'talkSeconds' | 'outcome'>,
  facts: readonly Pick<CallFactRow, 'recording'>[],
  isRecorded: boolean,
): boolean {
  const told = facts.flatMap(({ recording }) => recording ?? []);
  const announced = told.filter((status) => status === 'in-progress').length;
  const wasTalk = outcome === 'answered' && talkSeconds !== 0;
  const expected = Math.max(announced, isRecorded && wasTalk ? 1 : 0);
  return told.length - announced < expected;
}

/** False where a plugin cannot say: nothing is expected then, and nothing stands in the way of the records. */
function recordsCalls(account: Account | undefined): boolean {
  try {
    return account?.connector.recordsCalls?.(account.settings) === true;
  } catch {
    return false;
  }
}
