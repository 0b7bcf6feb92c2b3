import { newId } from '../core/ids.js';
import type { Database, Queries } from '../db/client.js';
import { type InstanceRow, insertInstance, listInstances } from '../db/tenancy.js';
import { createInstanceKey, type InstanceVault, type MasterKey, openInstanceKey } from '../vault/index.js';

export interface Tenant {
  readonly id: string;
  readonly name: string;
  readonly keepLocation: boolean;
  readonly vault: InstanceVault;
}

/** Opens the vaults of instances and keeps them open: unwrapping a key is for once, not for each request. */
export class Tenants {
  readonly #open = new Map<string, InstanceVault>();

  constructor(
    readonly database: Database,
    readonly masterKey: MasterKey,
  ) {}

  /** @throws {WrongMasterKeyError} when an instance was made under another master key. */
  async list(): Promise<Tenant[]> {
    const rows = await listInstances(this.database.orm);
    return rows.map((row) => this.#tenant(row));
  }

  async byId(id: string): Promise<Tenant | undefined> {
    return (await this.list()).find((tenant) => tenant.id === id);
  }

  /** Finds an instance by its id or its name. */
  async find(idOrName: string): Promise<Tenant | undefined> {
    return (await this.list()).find((tenant) => tenant.id === idOrName || tenant.name === idOrName);
  }

  /** Makes an instance, and what `alongside` makes, in one transaction. Returns null when the name is taken. */
  async create(
    name: string,
    alongside: (tx: Queries, tenant: Tenant) => Promise<void> = async () => undefined,
  ): Promise<Tenant | null> {
    const id = newId();
    const { wrapped, vault } = createInstanceKey(this.masterKey, id);
    const tenant: Tenant = { id, name, keepLocation: false, vault };
    const made = await this.database.orm.transaction(async (tx) => {
      const inserted = await insertInstance(tx, { id, name, wrappedKey: wrapped, settings: {} });
      if (inserted) await alongside(tx, tenant);
      return inserted;
    });
    if (!made) return null;
    this.#open.set(id, vault);
    return tenant;
  }

  #tenant(row: InstanceRow): Tenant {
    let vault = this.#open.get(row.id);
    if (vault === undefined) {
      vault = openInstanceKey(this.masterKey, row.id, row.wrappedKey);
      this.#open.set(row.id, vault);
    }
    return { id: row.id, name: row.name, keepLocation: row.settings.keepLocation === true, vault };
  }
}
