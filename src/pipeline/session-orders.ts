import type { Database } from '../db/client.js';
import { ordersChannel } from '../db/sessions.js';

/** A notification may be missed while the connection is away. */
const lookMs = 15_000;

/** Wakes the sessions of this node when an operator has given an order to one of them. */
export class SessionOrders {
  readonly #waiting = new Map<string, Set<() => void>>();

  async start(database: Database): Promise<void> {
    await database.listen(ordersChannel, (accountId) => {
      for (const wake of this.#waiting.get(accountId) ?? []) wake();
    });
  }

  /** Resolves when it is time to look for an order: one was given, a while has passed, or the signal is aborted. */
  wait(accountId: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(accountId) ?? new Set();
      this.#waiting.set(accountId, waiting);
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        waiting.delete(end);
        if (waiting.size === 0 && this.#waiting.get(accountId) === waiting) this.#waiting.delete(accountId);
        resolve();
      };
      const timer = setTimeout(end, lookMs);
      signal.addEventListener('abort', end);
      waiting.add(end);
      if (signal.aborted) end();
    });
  }
}
