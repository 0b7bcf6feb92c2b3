import { isDeepStrictEqual } from 'node:util';
import type { Account } from '../domain/accounts.js';
import type { AccountDirectory } from './account-directory.js';
import { SessionOrders } from './session-orders.js';
import { SessionRunner, type SessionRunnerOptions } from './session-runner.js';
import { WorkLoop } from './work-loop.js';

export interface SessionsOptions extends Omit<SessionRunnerOptions, 'tenant' | 'account' | 'orders'> {
  readonly directory: AccountDirectory;
}

/** The directory follows the settings; this follows the directory. */
const followMs = 5_000;

/** The sessions of all accounts whose connector keeps one. Follows the settings: a changed account gets a new session. */
export class Sessions {
  readonly #options: SessionsOptions;
  readonly #runners = new Map<string, SessionRunner>();
  readonly #orders = new SessionOrders();

  readonly #loop: WorkLoop;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      work: async () => {
        await this.#follow();
        return false;
      },
      pollMs: followMs,
      onError: (error) => options.log.error({ error }, 'The sessions could not follow the settings.'),
    });
  }

  async start(): Promise<void> {
    await this.#orders.start(this.#options.database);
    this.#loop.start();
  }

  /** Call when the account directory has changed. */
  wake(): void {
    this.#loop.wake();
  }

  async #follow(): Promise<void> {
    for (const [id, runner] of this.#runners) {
      const now = this.#options.directory.get(id)?.account;
      if (now !== undefined && isDeepStrictEqual(settingsOf(now), settingsOf(runner.account))) continue;
      this.#runners.delete(id);
      await runner.stop();
    }
    for (const { account, tenant } of this.#options.directory.entries()) {
      if (account.connector.run === undefined || this.#runners.has(account.id)) continue;
      const runner = new SessionRunner({ ...this.#options, orders: this.#orders, account, tenant });
      this.#runners.set(account.id, runner);
      runner.start();
    }
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
    this.#runners.clear();
  }
}

const settingsOf = ({ settings }: Account) => settings;
