import type { Database } from '../db/client.js';
import { type Account, readAccounts } from '../domain/accounts.js';
import type { Tenant, Tenants } from '../domain/tenants.js';
import type { Registry } from '../plugins/registry.js';

export interface DirectoryEntry {
  readonly account: Account;
  readonly tenant: Tenant;
}

/**
 * All accounts, in memory: the door must know them also while the database is away. Read at start, again on every change,
 * and when an account is asked for that it does not know (at most once a second, so that guesses cost nothing).
 */
export class AccountDirectory {
  #entries: ReadonlyMap<string, DirectoryEntry> = new Map();
  #readAt = 0;
  #begun = 0;
  #taken = 0;

  constructor(
    readonly database: Database,
    readonly tenants: Tenants,
    readonly registry: Registry,
  ) {}

  async refresh(): Promise<void> {
    this.#readAt = Date.now();
    this.#begun += 1;
    const turn = this.#begun;
    const entries = new Map<string, DirectoryEntry>();
    for (const tenant of await this.tenants.list()) {
      for (const account of await readAccounts(this.database.orm, tenant, this.registry)) {
        entries.set(account.id, { account, tenant });
      }
    }
    // One that began earlier and took longer must not undo what a later one has seen.
    if (turn < this.#taken) return;
    this.#taken = turn;
    this.#entries = entries;
  }

  accountIdsOf(instanceId: string): string[] {
    return [...this.#entries.values()]
      .filter(({ tenant }) => tenant.id === instanceId)
      .map(({ account }) => account.id);
  }

  entries(): DirectoryEntry[] {
    return [...this.#entries.values()];
  }

  get(accountId: string): DirectoryEntry | undefined {
    return this.#entries.get(accountId);
  }

  /** Looks once more in the database for an account that another node may just have added. */
  async find(accountId: string): Promise<DirectoryEntry | undefined> {
    const known = this.get(accountId);
    if (known !== undefined || Date.now() - this.#readAt < 1_000) return known;
    await this.refresh();
    return this.get(accountId);
  }

  get size(): number {
    return this.#entries.size;
  }
}
