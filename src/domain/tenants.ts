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

  /** Those that open, and those that do not with the reason: what is wrong with one must not stop the others. */
  async listOpenable(): Promise<{ tenants: Tenant[]; closed: { id: string; error: unknown }[] }> {
    const tenants: Tenant[] = [];
    const closed: { id: string; error: unknown }[] = [];
    for (const row of await listInstances(this.database.orm)) {
      try {
        tenants.push(this.#tenant(row));
      } catch (error) {
        closed.push({ id: row.id, error });
      }
    }
    return { tenants, closed };
  }

  async byId(id: string): Promise<Tenant | undefined> {
    return this.#first((row) => row.id === id);
  }

  /** Finds an instance by its id or its name. */
  async find(idOrName: string): Promise<Tenant | undefined> {
    return this.#first((row) => row.id === idOrName || row.name === idOrName);
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

  async #first(wanted: (row: InstanceRow) => boolean): Promise<Tenant | undefined> {
    const row = (await listInstances(this.database.orm)).find(wanted);
    return row && this.#tenant(row);
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
