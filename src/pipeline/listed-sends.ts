import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../db/client.js';
import { findAliased, insertAliases } from '../db/event-aliases.js';
import { type OutboundRow, settleOutbound, unexplainedSends } from '../db/outbound.js';
import { eventKey } from '../domain/event-keys.js';
import { type OutboundDraft, openOutbound } from '../domain/outbound-draft.js';
import { outboundWord } from '../domain/outbound-word.js';
import { captureOwn } from '../domain/own-captures.js';
import { Failure, type MessageEvent, outboundKey } from '../sdk/index.js';
import type { DirectoryEntry } from './account-directory.js';
import type { Draft } from './draft.js';
import { originOf } from './origin.js';

export interface ListedSendsOptions {
  readonly database: Database;
  readonly entry: DirectoryEntry;
  readonly signal: AbortSignal;
}

/** One of our messages of which we do not know what the provider calls it. */
interface Send {
  readonly row: OutboundRow;
  readonly draft: OutboundDraft;
}

/** A message that the provider lists and the journal has not. */
interface Stranger {
  readonly draft: Draft;
  readonly event: MessageEvent;
}

const pollMs = 250;
/** Longer than a call, its settling, and the lease of a sender that died. */
const underWayMaxMs = 150_000;
/** Clocks of ours and of the provider. */
const earlierMaxMs = 2 * 60 * 1_000;
/** Providers queue what comes too fast, and name the time at which it left them. */
const laterMaxMs = 4 * 60 * 60 * 1_000;

/**
 * A message of ours must not be taken for somebody else's only because the provider lists it before we know what it is called
 * there. A send that is under way is waited for. One without an answer is the listed message if the conversation, the
 * text, the number of attachments and the time agree, and neither of both could be another one: the record says that it was
 * found in this way. Where more than one fits, nothing is assumed.
 *
 * @param drafts what the provider listed and the journal has not.
 * @returns whether any of it may be known by another name now.
 * @throws {Failure} `unavailable` when a send does not end.
 */
export async function explainSends(options: ListedSendsOptions, drafts: readonly Draft[]): Promise<boolean> {
  const strangers = drafts.flatMap((draft): Stranger[] =>
    draft.content.kind === 'message' && draft.content.direction === 'outbound'
      ? [{ draft, event: draft.content as MessageEvent }]
      : [],
  );
  if (strangers.length === 0) return false;
  const { sends, hasWaited } = await whenConcluded(options, strangers);
  if (hasWaited) return true;
  const pairs = pairsOf(sends, strangers);
  for (const pair of pairs) await adopt(options, pair);
  return pairs.length > 0;
}

/** The sends that may be explained by these, once none of them is under way any more. */
async function whenConcluded(
  { database, entry, signal }: ListedSendsOptions,
  strangers: readonly Stranger[],
): Promise<{ sends: readonly Send[]; hasWaited: boolean }> {
  const { account, tenant } = entry;
  const deadline = Date.now() + underWayMaxMs;
  for (let hasWaited = false; ; hasWaited = true) {
    const rows = await unexplainedSends(database.orm, account.id);
    const sends = rows
      .map((row): Send => ({ row, draft: openOutbound(tenant.vault, row) }))
      .filter((send) => strangers.some(({ event }) => looksLike(send, event)));
    if (!sends.some(({ row }) => row.state === 'sending')) {
      return { sends: await unnamed(database, entry, sends), hasWaited };
    }
    if (Date.now() > deadline) {
      throw new Failure(
        'unavailable',
        'A message is on its way to the provider, and what becomes of it is not known yet.',
      );
    }
    await sleep(pollMs, undefined, { signal });
  }
}

async function unnamed(
  database: Database,
  entry: DirectoryEntry,
  sends: readonly Send[],
): Promise<readonly Send[]> {
  const { tenant } = entry;
  const keys = sends.map(({ row }) => keyOf(entry, outboundKey(row.id)));
  const named = await findAliased(database.orm, tenant.id, keys);
  return sends.filter((_, index) => !named.has(keys[index] as string));
}

function keyOf({ account, tenant }: DirectoryEntry, key: string): string {
  return eventKey(tenant.vault, originOf(account, 'internal'), key);
}

interface Pair {
  readonly send: Send;
  readonly stranger: Stranger;
}

/** Those that fit each other and nothing else. */
function pairsOf(sends: readonly Send[], strangers: readonly Stranger[]): Pair[] {
  return sends.flatMap((send): Pair[] => {
    const [stranger, another] = strangers.filter(({ event }) => looksLike(send, event));
    if (stranger === undefined || another !== undefined) return [];
    const rivals = sends.filter((other) => looksLike(other, stranger.event));
    return rivals.length === 1 ? [{ send, stranger }] : [];
  });
}

function looksLike({ row, draft }: Send, event: MessageEvent): boolean {
  const { route, ring, text = '', media, reaction } = draft;
  if (ring !== undefined || reaction !== undefined) return false;
  if (event.conversation !== route.conversation) return false;
  if ((event.text ?? '').trim() !== text.trim() || event.attachments.length !== media.length) return false;
  if (event.occurredAt === undefined) return true;
  const at = Date.parse(event.occurredAt.at);
  return at >= row.createdAt.getTime() - earlierMaxMs && at <= row.changedAt.getTime() + laterMaxMs;
}

/** From now on the provider's name means our message. One that had no answer has been accepted, as we see now. */
async function adopt(
  { database, entry }: ListedSendsOptions,
  { send: { row, draft }, stranger }: Pair,
): Promise<void> {
  const { account, tenant } = entry;
  const { id, attempts } = row;
  const explanation =
    'There was no answer, but the provider lists a message in the same conversation, with the same text, of that time, and only one.';
  const key = outboundKey(id);
  const alias = stranger.event.key;
  await database.orm.transaction(async (tx) => {
    const settled = { id, attempts, state: 'accepted', reason: 'listed', explanation } as const;
    // Nothing is left to do where a person or an answer was quicker; what a person settled keeps that reason.
    if (row.state === 'indeterminate' && !(await settleOutbound(tx, settled, ['indeterminate']))) return;
    await insertAliases(tx, [
      { instanceId: tenant.id, alias: stranger.draft.eventKey, eventKey: keyOf(entry, key) },
    ]);
    const receipt = {
      ...outboundWord(id, draft, 'accepted'),
      key: `${key}/accepted/listed`,
      provider: { foundBy: 'conversation, text and time' },
    };
    await captureOwn(tx, tenant.vault, account.id, { events: [receipt], aliases: [{ alias, key }] });
  });
}
