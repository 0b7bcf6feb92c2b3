import type { Session } from 'archway/sdk';
import { lastingGroup, secretGroup } from './secrets.js';
import { unreadGroup } from './unread.js';

const dayMs = 24 * 60 * 60 * 1_000;

/**
 * For how many days what is kept about single messages is of use.
 *
 * A message can be edited for 15 minutes; but what waits for a linked device waits for two weeks, and reactions and comments that are
 * sealed may come later still. A poll or an event has no end that WhatsApp sets. What comes after that is on record as a gap.
 */
export const keptDays: Readonly<Record<string, number>> = {
  [secretGroup]: 90,
  [unreadGroup]: 90,
  [lastingGroup]: 366,
};

/** Takes away what is older than it can be of use, once a day at most. */
export class Pruning {
  readonly #session: Pick<Session<unknown>, 'forget' | 'now'>;
  #doneAt = Number.NEGATIVE_INFINITY;

  constructor(session: Pick<Session<unknown>, 'forget' | 'now'>) {
    this.#session = session;
  }

  /** @throws as `Session.forget` does; then it is due again. */
  async run(): Promise<void> {
    const now = this.#session.now().getTime();
    if (now - this.#doneAt < dayMs) return;
    for (const [group, days] of Object.entries(keptDays)) {
      await this.#session.forget([group], new Date(now - days * dayMs));
    }
    this.#doneAt = now;
  }
}
