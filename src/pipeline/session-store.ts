import { failPoint } from '../core/failpoint.js';
import { newId } from '../core/ids.js';
import type { Database, Queries } from '../db/client.js';
import { captureStatements } from '../db/inbox.js';
import type { Lease } from '../db/leases.js';
import { deleteState, holdLease, runHolding, stateStatements } from '../db/sessions.js';
import type { Account } from '../domain/accounts.js';
import { sealCapture } from '../domain/captures.js';
import { dropOrder, isReserved, keepOffer, readOrder } from '../domain/links.js';
import { recallState, sealState } from '../domain/sessions.js';
import type { Tenant } from '../domain/tenants.js';
import type { LinkOffer, LinkOrder, Received, StateChanges } from '../sdk/index.js';
import type { Ingest } from './ingest.js';
import type { SessionOrders } from './session-orders.js';

export interface SessionStoreOptions {
  readonly database: Database;
  readonly tenant: Tenant;
  readonly account: Account;
  readonly orders: SessionOrders;
  readonly ingest: Pick<Ingest, 'ahead'>;
}

/** What one run of a session reads and writes. Every write checks the lease, in the same transaction. */
export class SessionStore {
  readonly #options: SessionStoreOptions;
  readonly #lease: Lease;
  /** Aborted when the run has to end: one that did not must not write beside the one after it. */
  readonly #signal: AbortSignal;

  constructor(options: SessionStoreOptions, lease: Lease, signal: AbortSignal) {
    this.#options = options;
    this.#lease = lease;
    this.#signal = signal;
  }

  /** MUST have committed captures and changes, or nothing, when it resolves or throws. */
  async emit(received: readonly Received[], changes: StateChanges = {}): Promise<void> {
    requireFreeNames(Object.keys(changes));
    const { tenant, account } = this.#options;
    const receivedAt = new Date().toISOString();
    const rows = received.map(({ provenance = 'session', ...each }) =>
      sealCapture(tenant.vault, newId(), { ...each, account: account.id, receivedAt, provenance }),
    );
    const state = sealState(tenant.vault, account.id, changes);
    const statements = [...captureStatements(rows), ...stateStatements(state)];
    const commit = async (tx: Queries) => {
      // A session takes one message after the other: each round trip counts.
      await runHolding(tx, this.#lease, statements);
      failPoint('session:before-commit');
    };
    await this.#options.ingest.ahead(rows.length, () => {
      this.#signal.throwIfAborted();
      return this.#options.database.orm.transaction(commit);
    });
    failPoint('session:after-commit');
  }

  async recall(names: readonly string[]): Promise<Map<string, string>> {
    requireFreeNames(names);
    const { database, tenant, account } = this.#options;
    return recallState(database.orm, tenant.vault, account.id, names);
  }

  async forget(groups: readonly string[], writtenBefore?: Date): Promise<void> {
    requireFreeNames(groups);
    const prefixes = groups.map((group) => `${group}/`);
    await this.#write((tx) => deleteState(tx, this.#options.account.id, prefixes, writtenBefore));
  }

  async nextOrder(signal: AbortSignal): Promise<LinkOrder | undefined> {
    const { database, tenant, account, orders } = this.#options;
    const ending = AbortSignal.any([signal, this.#signal]);
    while (!ending.aborted) {
      const waiting = orders.wait(account.id, ending);
      const order = await readOrder(database.orm, tenant.vault, account.id);
      if (order !== undefined) {
        await this.#write((tx) => dropOrder(tx, tenant.vault, account.id));
        return order;
      }
      await waiting;
    }
    return undefined;
  }

  async showLink(offer: LinkOffer | undefined): Promise<void> {
    const { tenant, account } = this.#options;
    await this.#write((tx) => keepOffer(tx, tenant.vault, account.id, offer));
  }

  async #write(work: (tx: Queries) => Promise<void>): Promise<void> {
    this.#signal.throwIfAborted();
    await this.#options.database.orm.transaction(async (tx) => {
      await holdLease(tx, this.#lease);
      await work(tx);
    });
  }
}

function requireFreeNames(names: readonly string[]): void {
  if (names.some(isReserved)) throw new TypeError('Names that begin with a colon are the gateway’s own.');
}
