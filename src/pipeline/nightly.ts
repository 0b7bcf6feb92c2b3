import type { Database } from '../db/client.js';
import { lastNightlyUntil } from '../db/reconciliations.js';
import { openReconciliation } from '../domain/reconciliations.js';
import type { AccountDirectory } from './account-directory.js';

const minute = 60 * 1_000;
const hour = 60 * minute;
const day = 24 * hour;
const windowMs = 2 * day;
/** What is on its way at that hour, by webhook or as our own sending, is left to arrive. */
const settlingMs = 10 * minute;

export interface NightlyOptions {
  readonly database: Database;
  readonly directory: Pick<AccountDirectory, 'entries'>;
  /** From 0 to 23, UTC; null for never. */
  readonly hour: number | null;
  readonly now?: () => Date;
}

/** Puts the last two days of every account on the list, once a day; after days without it, all of them. */
export class Nightly {
  readonly #options: Required<NightlyOptions>;
  /** By account, the window that is known to be on the list. */
  readonly #noted = new Map<string, number>();

  constructor(options: NightlyOptions) {
    this.#options = { now: () => new Date(), ...options };
  }

  /** To be called often; does something once a day. */
  async ensure(): Promise<void> {
    const { database, directory } = this.#options;
    const until = this.#lastUntil();
    if (until === undefined) return;
    for (const { account, tenant } of directory.entries()) {
      const lists = account.connector.reconcile !== undefined;
      if (!lists || this.#noted.get(account.id) === until.getTime()) continue;
      await database.orm.transaction(async (tx) => {
        const last = await lastNightlyUntil(tx, account.id);
        if (last !== null && last >= until) return;
        // The windows of two nights overlap, so that what was not to be listed in the first is in the second.
        const since = new Date(Math.min(until.getTime() - windowMs, (last ?? until).getTime() - day));
        await openReconciliation(tx, tenant, account, { since, until, cause: 'nightly' });
      });
      this.#noted.set(account.id, until.getTime());
    }
  }

  /** The end of the newest window: today's or yesterday's hour. */
  #lastUntil(): Date | undefined {
    const { hour: at, now } = this.#options;
    if (at === null) return undefined;
    const time = now().getTime();
    const today = Math.floor(time / day) * day + at * hour;
    return new Date((today <= time ? today : today - day) - settlingMs);
  }
}
