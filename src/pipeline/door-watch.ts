import type { Database } from '../db/client.js';
import { lockDoor, markDoorsOpen, openLockedDoor, type ReconciliationCause } from '../db/reconciliations.js';
import { noteClosedDoor, type Stretch } from '../domain/reconciliations.js';
import type { Tenants } from '../domain/tenants.js';
import type { Log } from '../telemetry/log.js';
import type { AccountDirectory } from './account-directory.js';
import { WorkLoop } from './work-loop.js';

export interface DoorWatchOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly directory: Pick<AccountDirectory, 'entries'>;
  readonly log: Log;
  /** Called when a window was put on the list. */
  readonly onNoted: () => void;
  readonly now?: () => Date;
  readonly pollMs?: number;
  /** After so long without a refusal the door counts as open again. */
  readonly quietMs?: number;
}

type Refusal = Extract<ReconciliationCause, 'outage' | 'spool-full'>;

/** A process that did nothing for so long was suspended. */
const suspendedMs = 60_000;

/**
 * Knows when the door to providers was closed: while no node ran, while one was suspended, and while requests were answered
 * with 503. Until when it was open stands in the database and is written every few seconds; while requests are refused it
 * is not, so that a process that dies in an outage leaves the beginning of it behind.
 */
export class DoorWatch {
  readonly #options: Required<DoorWatchOptions>;
  readonly #loop: WorkLoop;
  #refused: (Stretch & { readonly cause: Refusal }) | undefined;
  #tickedAt: Date;
  #opened = false;

  constructor(options: DoorWatchOptions) {
    this.#options = { now: () => new Date(), pollMs: 5_000, quietMs: 10_000, ...options };
    this.#tickedAt = this.#options.now();
    this.#loop = new WorkLoop({
      work: async () => {
        await this.#tick();
        return false;
      },
      pollMs: this.#options.pollMs,
      onError: (error) =>
        options.log.warn({ error }, 'That the door is open could not be noted; it will be shortly.'),
    });
  }

  /** Call when the public listener takes requests. */
  async open(): Promise<void> {
    const { database, tenants, now } = this.#options;
    const until = now();
    for (const tenant of await tenants.list()) {
      await database.orm.transaction(async (tx) => {
        const since = await lockDoor(tx, tenant.id);
        if (since === null || since >= until) return;
        await noteClosedDoor(tx, tenant, this.#accountsOf(tenant.id), { cause: 'start', since, until });
        // With the note, or another node that starts in this moment would make the same.
        await openLockedDoor(tx, tenant.id, until);
      });
    }
    await markDoorsOpen(database.orm, until);
    this.#opened = true;
    this.#options.onNoted();
    this.#tickedAt = now();
    this.#loop.start();
  }

  /** A provider's request was turned away, and it was not its fault. */
  refused(cause: Refusal): void {
    const at = this.#options.now();
    const worse = cause === 'spool-full' || this.#refused?.cause === 'spool-full' ? 'spool-full' : 'outage';
    this.#refused = { since: this.#refused?.since ?? at, until: at, cause: worse };
  }

  /** Call when the public listener is closed. */
  async close(): Promise<void> {
    await this.#loop.stop();
    if (!this.#opened || this.#refused !== undefined) return;
    await markDoorsOpen(this.#options.database.orm, this.#options.now()).catch(() => undefined);
  }

  async #tick(): Promise<void> {
    const { database, now, quietMs } = this.#options;
    const at = now();
    const slept = at.getTime() - this.#tickedAt.getTime() > suspendedMs;
    if (slept) this.#refused = { since: this.#tickedAt, cause: 'outage', ...this.#refused, until: at };
    this.#tickedAt = at;
    const refused = this.#refused;
    if (refused !== undefined) {
      if (!slept && at.getTime() - refused.until.getTime() < quietMs) return;
      await this.#note(refused);
      // What was refused in the meantime begins another window.
      this.#refused = this.#refused === refused ? undefined : this.#refused;
    }
    if (this.#refused === undefined) await markDoorsOpen(database.orm, at);
  }

  async #note(closed: Stretch & { readonly cause: Refusal }): Promise<void> {
    const { database, tenants, log, onNoted } = this.#options;
    for (const tenant of await tenants.list()) {
      await database.orm.transaction((tx) => noteClosedDoor(tx, tenant, this.#accountsOf(tenant.id), closed));
    }
    log.warn(closed, 'Requests of providers could not be taken for a while; what is missing will be listed.');
    onNoted();
  }

  #accountsOf(instanceId: string) {
    return this.#options.directory
      .entries()
      .filter(({ tenant }) => tenant.id === instanceId)
      .map(({ account }) => account);
  }
}
