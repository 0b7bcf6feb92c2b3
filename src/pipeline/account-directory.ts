import type { Database } from '../db/client.js';
import { type Account, readAccounts } from '../domain/accounts.js';
import type { Tenant, Tenants } from '../domain/tenants.js';
import type { Registry } from '../plugins/registry.js';
import type { Log } from '../telemetry/log.js';
import { SealError } from '../vault/index.js';

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
    readonly log?: Log,
  ) {}

  async refresh(): Promise<void> {
    this.#readAt = Date.now();
    this.#begun += 1;
    const turn = this.#begun;
    const entries = new Map<string, DirectoryEntry>();
    const { tenants, closed } = await this.tenants.listOpenable();
    const unread = [...closed];
    for (const tenant of tenants) {
      try {
        for (const account of await readAccounts(this.database.orm, tenant, this.registry)) {
          entries.set(account.id, { account, tenant });
        }
      } catch (error) {
        if (!(error instanceof SealError)) throw error;
        unread.push({ id: tenant.id, error });
      }
    }
    this.#keep(entries, unread);
    // One that began earlier and took longer must not undo what a later one has seen.
    if (turn < this.#taken) return;
    this.#taken = turn;
    this.#entries = entries;
  }

  /** What is known of an instance that cannot be read stays in force: its neighbours' changes must not wait for it. */
  #keep(entries: Map<string, DirectoryEntry>, unread: readonly { id: string; error: unknown }[]): void {
    for (const { id, error } of unread) {
      this.log?.error({ error, instance: id }, 'The accounts of an instance cannot be read.');
      for (const [accountId, entry] of this.#entries) {
        if (entry.tenant.id === id) entries.set(accountId, entry);
      }
    }
  }

  /** Ids of the accounts of all instances. */
  accountIds(): string[] {
    return [...this.#entries.keys()];
  }

  accountIdsOf(instanceId: string): string[] {
    return [...this.#entries.values()]
      .filter(({ tenant }) => tenant.id === instanceId)
      .map(({ account }) => account.id);
  }

  entries(): readonly DirectoryEntry[] {
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
