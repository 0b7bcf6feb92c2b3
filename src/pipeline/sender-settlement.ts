import { failPoint } from '../core/failpoint.js';
import { decide } from '../core/retry-policy.js';
import type { Queries } from '../db/client.js';
import { findAliased, insertAliases } from '../db/event-aliases.js';
import {
  type OutboundRow,
  type OutboundState,
  pauseSending,
  readSending,
  reportedSend,
  restoredReason,
  resumeSending,
  settleOutbound,
} from '../db/outbound.js';
import { eventKey } from '../domain/event-keys.js';
import { openOutbound, sealOutbound } from '../domain/outbound-draft.js';
import { outboundWord } from '../domain/outbound-word.js';
import { captureOwn } from '../domain/own-captures.js';
import { type Accepted, type EventAlias, Failure, outboundKey } from '../sdk/index.js';
import type { DirectoryEntry } from './account-directory.js';
import { originOf } from './origin.js';
import type { Answer } from './provider-send.js';
import type { SenderOptions } from './sender.js';

/** Puts on record what the provider answered, or that it did not; and decides whether the account pauses. */
export async function settleAnswer(
  options: SenderOptions,
  entry: DirectoryEntry,
  row: OutboundRow,
  answer: Answer,
): Promise<void> {
  if (answer.ok) {
    const key = outboundKey(row.id);
    const { accepted } = answer;
    const aliases = accepted.aliases.map((alias) => ({ alias, key }));
    return conclude(options, entry, row, { state: 'accepted', aliases, accepted });
  }
  const { failure } = answer;
  if (failure.kind === 'rejected') return conclude(options, entry, row, { state: 'rejected', failure });
  if (failure.kind === 'indeterminate' && !isIdempotent(entry, row)) {
    return conclude(options, entry, row, { state: 'indeterminate', failure });
  }
  await postpone(options, entry, row, failure);
}

/** A message whose sending was cut off: by a crash, by a node that lost its lease, or by a restore. */
export async function settleCutOff(
  options: SenderOptions,
  entry: DirectoryEntry,
  row: OutboundRow,
): Promise<void> {
  const happened =
    row.reason === restoredReason
      ? 'A backup was restored in which this still waited to be sent.'
      : 'The gateway ended while this was on its way to the provider.';
  const failure = new Failure('indeterminate', `${happened} It may have arrived, and is not sent again.`);
  await settleAnswer(options, entry, row, { ok: false, failure });
}

/**
 * A message whose request could not be put on record is refused: nothing leaves without its record, and when that has been
 * mended, perhaps days later, nobody wants it sent any more.
 */
export async function settleUnrecorded(
  { database, log }: SenderOptions,
  { account, tenant }: DirectoryEntry,
  row: OutboundRow,
): Promise<void> {
  const explanation =
    'The request could not be put on record, so nothing was sent. See archway quarantine list; then ask anew, with a new key.';
  const reason = 'not-recorded';
  const draft = openOutbound(tenant.vault, row);
  const isSettled = await database.orm.transaction(async (tx) => {
    const settled = { id: row.id, attempts: row.attempts, state: 'refused', reason, explanation } as const;
    if (!(await settleOutbound(tx, settled, ['requested']))) return false;
    const error = { code: reason, message: explanation };
    await captureOwn(tx, tenant.vault, account.id, {
      events: [outboundWord(row.id, draft, 'refused', error)],
    });
    return true;
  });
  if (isSettled) log.warn({ account: account.id, message: row.id, reason }, 'A message was not sent.');
}

function isIdempotent({ account, tenant }: DirectoryEntry, row: OutboundRow): boolean {
  const { calls, outbound } = account.connector.capabilities;
  const isCall = openOutbound(tenant.vault, row).ring !== undefined;
  return (isCall ? calls : outbound)?.idempotent === true;
}

interface Conclusion {
  readonly state: Extract<OutboundState, 'accepted' | 'rejected' | 'indeterminate'>;
  readonly failure?: Failure;
  readonly aliases?: readonly EventAlias[];
  readonly accepted?: Accepted;
}

async function conclude(
  { database, log }: SenderOptions,
  entry: DirectoryEntry,
  row: OutboundRow,
  { state, failure, aliases = [], accepted }: Conclusion,
): Promise<void> {
  const { account, tenant } = entry;
  const origin = originOf(account, 'internal');
  const reason = failure === undefined ? undefined : (failure.code ?? failure.kind);
  const draft = openOutbound(tenant.vault, row);
  const error = failure && { code: reason ?? failure.kind, message: failure.message };
  await database.orm.transaction(async (tx) => {
    const sealed = accepted && sealOutbound(tenant.vault, row.id, { ...draft, accepted });
    const settled = {
      id: row.id,
      attempts: row.attempts,
      state,
      reason,
      explanation: failure?.message,
      sealed,
    };
    // An answer that comes after somebody else gave the message up is still the better knowledge.
    const from: OutboundState[] = state === 'indeterminate' ? ['sending'] : ['sending', 'indeterminate'];
    if (!(await settleOutbound(tx, settled, from))) return;
    const names = aliases.map(({ alias, key }) => ({
      instanceId: tenant.id,
      alias: eventKey(tenant.vault, origin, alias),
      eventKey: eventKey(tenant.vault, origin, key),
    }));
    // Not only when the statement is read: who compares what the provider lists must know them as soon as the call is over.
    await insertAliases(tx, names);
    // The provider's report was quicker than the end of the call: it has the message.
    const isReported = state === 'indeterminate' && (await hasName(tx, entry, row));
    if (isReported) await settleOutbound(tx, reportedSend(row), ['indeterminate']);
    await captureOwn(tx, tenant.vault, account.id, {
      events: [
        isReported ? outboundWord(row.id, draft, 'accepted') : outboundWord(row.id, draft, state, error),
      ],
      ...(aliases.length > 0 && { aliases }),
    });
    if (state !== 'indeterminate') await resumeSending(tx, account.id);
    failPoint('sender:before-settle');
  });
  failPoint('sender:after-settle');
  if (failure !== undefined)
    log.warn({ account: account.id, message: row.id, state, reason }, 'A message was not accepted.');
}

async function hasName(
  tx: Queries,
  { account, tenant }: DirectoryEntry,
  { id }: OutboundRow,
): Promise<boolean> {
  const key = eventKey(tenant.vault, originOf(account, 'internal'), outboundKey(id));
  return (await findAliased(tx, tenant.id, [key])).size > 0;
}

/** Nothing has left, and no message is to blame: the account waits, and then tries the same message first. */
async function postpone(
  { database, log }: SenderOptions,
  { account }: DirectoryEntry,
  row: OutboundRow,
  failure: Failure,
): Promise<void> {
  const { kind, message, retryAfterMs } = failure;
  await database.orm.transaction(async (tx) => {
    if (!(await settleOutbound(tx, { id: row.id, attempts: row.attempts, state: 'requested' }))) return;
    const { pauses } = await readSending(tx, account.id);
    const decision = decide({
      kind: kind === 'indeterminate' ? 'unavailable' : kind,
      othersGetThrough: false,
      attempts: row.attempts,
      pausesBefore: pauses,
      retryAfterMs,
      random: Math.random(),
    });
    if (decision.action === 'give-up') throw new Error(`A failure of the kind ${kind} cannot be postponed.`);
    await pauseSending(tx, account.id, { delayMs: decision.delayMs, kind, message });
  });
  log.warn(
    { account: account.id, kind, reason: message },
    'An account cannot send at the moment; it tries again.',
  );
}
