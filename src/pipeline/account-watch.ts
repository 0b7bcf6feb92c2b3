import {
  type AccountHealth,
  noteSilences,
  readAccountHealth,
  readHabits,
  type Silence,
} from '../db/account-health.js';
import type { AlertRow } from '../db/alerts.js';
import type { Database } from '../db/client.js';
import type { Condition } from '../domain/alerts.js';
import { accountConditions } from './account-conditions.js';

/** What is wrong with an account, and whose it is. */
export interface AccountCondition extends Condition {
  readonly instanceId: string;
}

/** Shorter ones make no habit; they are most of all that there are. */
const silenceMinSeconds = 60;

/** Looks at the accounts, and learns from what comes how long each is silent as a habit. */
export class AccountWatch {
  readonly #database: Database;
  readonly #limits: { readonly notOpenMs: number };
  /** When each account's last message came, at the last look. */
  #lastAt: ReadonlyMap<string, Date> = new Map();

  constructor(database: Database, limits: { readonly notOpenMs: number }) {
    this.#database = database;
    this.#limits = limits;
  }

  /** @param open the alerts that are open: a silence that was worth one is no habit. */
  async look(open: readonly AlertRow[]): Promise<AccountCondition[]> {
    const { orm } = this.#database;
    const now = new Date();
    const accounts = await readAccountHealth(orm);
    const silent = new Set(
      open.flatMap(({ reason, subject }) => (reason === 'account-silent' ? subject : [])),
    );
    await noteSilences(orm, this.#ended(accounts.filter(({ id }) => !silent.has(id))));
    this.#lastAt = new Map(accounts.map(({ id, lastAt }) => [id, lastAt]));
    const habits = await readHabits(orm);
    return accounts.flatMap((account) =>
      accountConditions(account, habits.get(account.id), this.#limits, now).map((condition) => ({
        ...condition,
        instanceId: account.instanceId,
      })),
    );
  }

  #ended(accounts: readonly AccountHealth[]): Silence[] {
    return accounts.flatMap(({ id: accountId, instanceId, lastAt }) => {
      const before = this.#lastAt.get(accountId);
      const seconds = before === undefined ? 0 : (lastAt.getTime() - before.getTime()) / 1_000;
      return seconds < silenceMinSeconds ? [] : [{ instanceId, accountId, until: lastAt, seconds }];
    });
  }
}
