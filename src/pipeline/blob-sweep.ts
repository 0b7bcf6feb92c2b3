import { referencedBlobs } from '../db/blob-references.js';
import type { Database } from '../db/client.js';
import type { Blobs } from '../domain/blobs.js';
import type { Tenant, Tenants } from '../domain/tenants.js';
import type { Log } from '../telemetry/log.js';
import type { BlobStore } from '../vault/index.js';
import { WorkLoop } from './work-loop.js';

export interface BlobSweepOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly blobs: Blobs;
  readonly log: Log;
  readonly now?: () => Date;
}

const hour = 60 * 60 * 1_000;
const pollMs = 6 * hour;
/** Far longer than any transfer, between whose end and the commit that refers to the blob there is a moment. */
const unreferencedMs = 24 * hour;
/** Long enough for somebody to notice that the wrong database was restored. */
const asideMs = 7 * 24 * hour;

/**
 * Collects blobs that nothing refers to: the gateway died between storing them and the commit, or another node was quicker.
 * They are put aside first, where they can still be read, and deleted a week later if nothing refers to them then either.
 * Any number of nodes may do so at once, also while the same content is being stored again.
 */
export class BlobSweep {
  readonly #options: BlobSweepOptions;
  readonly #loop: WorkLoop;
  #starting = true;

  constructor(options: BlobSweepOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      work: async () => {
        // A start has more urgent things to do.
        if (!this.#starting) await this.sweep();
        this.#starting = false;
        return false;
      },
      pollMs,
      onError: (error) => options.log.warn({ error }, 'Blobs that nobody needs could not be collected.'),
    });
  }

  start(): void {
    this.#loop.start();
  }

  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** Once through all blobs of all instances. */
  async sweep(): Promise<void> {
    const { tenants, blobs, log } = this.#options;
    for (const tenant of (await tenants.listOpenable()).tenants) {
      const store = await blobs.of(tenant);
      const deleted = await this.#judgeAside(tenant, store);
      const aside = await this.#putAside(tenant, store);
      if (deleted + aside > 0) {
        log.info({ instance: tenant.id, deleted, aside }, 'Collected blobs that nothing refers to.');
      }
    }
  }

  async #judgeAside({ id: instanceId }: Tenant, store: BlobStore): Promise<number> {
    const { database } = this.#options;
    const ids = await store.keptAsideBefore(this.#ago(asideMs));
    const referenced = await referencedBlobs(database.orm, instanceId, ids);
    let deleted = 0;
    for (const id of ids) {
      if (referenced.has(id)) await store.takeBack(id);
      else if (await store.dropAside(id)) deleted += 1;
    }
    return deleted;
  }

  async #putAside({ id: instanceId }: Tenant, store: BlobStore): Promise<number> {
    const { database } = this.#options;
    const before = this.#ago(unreferencedMs);
    let aside = 0;
    for await (const ids of store.storedBefore(before)) {
      const referenced = await referencedBlobs(database.orm, instanceId, ids);
      for (const id of ids) {
        if (!referenced.has(id) && (await store.putAside(id, before))) aside += 1;
      }
    }
    return aside;
  }

  #ago(durationMs: number): Date {
    const { now = () => new Date() } = this.#options;
    return new Date(now().getTime() - durationMs);
  }
}
