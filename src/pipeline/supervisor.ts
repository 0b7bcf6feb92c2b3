import type { Database } from '../db/client.js';
import { deliveriesChannel, releaseLanesOf } from '../db/delivery-queue.js';
import { capturesChannel } from '../db/inbox.js';
import { mediaChannel } from '../db/media-jobs.js';
import { seedCounts } from '../db/sink-counts.js';
import { settingsChannel } from '../db/tenancy.js';
import type { Blobs } from '../domain/blobs.js';
import { readSinks } from '../domain/sinks.js';
import type { Tenant, Tenants } from '../domain/tenants.js';
import type { Registry } from '../plugins/registry.js';
import type { Log } from '../telemetry/log.js';
import type { Metrics } from '../telemetry/metrics.js';
import { SealError } from '../vault/index.js';
import type { AccountDirectory } from './account-directory.js';
import { BlobSweep } from './blob-sweep.js';
import { Dispatcher } from './dispatcher.js';
import type { Ingest } from './ingest.js';
import type { LiveSessions } from './live-sessions.js';
import { MediaFetcher } from './media/media-fetcher.js';
import { Normaliser } from './normaliser.js';
import { SinkHandle } from './open-sinks.js';
import { Reconciler } from './reconciler.js';
import { RecordingFinder } from './recordings/recording-finder.js';
import { WorkLoop } from './work-loop.js';

export interface SupervisorOptions {
  readonly database: Database;
  readonly tenants: Tenants;
  readonly registry: Registry;
  readonly directory: AccountDirectory;
  readonly blobs: Blobs;
  readonly live: LiveSessions;
  readonly ingest: Ingest;
  /** Id of this node, as the holder of leases; kept in its data directory. */
  readonly node: string;
  /** At which hour (UTC) the last days are compared with the providers; null for never. Default: never. */
  readonly nightlyHour?: number | null;
  readonly attachmentMaxBytes: number;
  /** This machine itself may play the provider, also by plain http. */
  readonly allowTestEndpoints: boolean;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** How long deliveries under way may take to finish at shutdown. */
const deliveryGraceMs = 5_000;
/** Settings are read again this often even when no notification came. */
const settingsPollMs = 15_000;

/** Runs a normaliser per instance, a dispatcher per sink, the reconciler, the fetching of attachments and the search for recordings; follows the settings. */
export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #normalisers = new Map<string, Normaliser>();
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #reconciler: Reconciler;
  readonly #media: MediaFetcher;
  readonly #blobSweep: BlobSweep;
  readonly #recordings: RecordingFinder;
  readonly #settings: WorkLoop;
  readonly #calm = () => this.#options.ingest.calm();
  #refreshed = 0;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#reconciler = new Reconciler({ nightlyHour: null, ...options });
    this.#media = new MediaFetcher({ ...options, calm: this.#calm });
    this.#blobSweep = new BlobSweep(options);
    this.#recordings = new RecordingFinder(options);
    this.#settings = new WorkLoop({
      work: async () => {
        await this.refresh();
        return false;
      },
      pollMs: settingsPollMs,
      onError: (error) =>
        options.log.error({ error }, 'The settings could not be read; the last ones stay in force.'),
    });
  }

  /** How often the settings were taken over; for those who wait for a change. */
  get refreshed(): number {
    return this.#refreshed;
  }

  async start(): Promise<void> {
    const { database, node, ingest } = this.#options;
    await releaseLanesOf(database.orm, node);
    await database.orm.transaction(seedCounts);
    await this.refresh();
    await database.listen(capturesChannel, (instanceId) => this.#normalisers.get(instanceId)?.wake());
    await database.listen(deliveriesChannel, (sinkId) => this.#dispatchers.get(sinkId)?.wake());
    await database.listen(settingsChannel, () => this.#settings.wake());
    await database.listen(mediaChannel, () => this.#media.wake());
    await this.#media.start();
    ingest.start();
    this.#settings.start();
    this.#reconciler.start();
    this.#blobSweep.start();
    await this.#recordings.start();
  }

  /** A window was put on the list of what is to be compared with its provider. */
  wakeReconciler(): void {
    this.#reconciler.wake();
  }

  /** Takes over accounts, sinks and instances that are new or changed. What is wrong with one instance stops no other. */
  async refresh(): Promise<void> {
    const { directory, tenants } = this.#options;
    await directory.refresh();
    for (const tenant of (await tenants.listOpenable()).tenants) {
      this.#ensureNormaliser(tenant);
      await this.#ensureDispatchers(tenant).catch((error: unknown) => this.#unreadable(tenant, error));
    }
    this.#refreshed += 1;
  }

  /** Stops accepting work, finishes or releases what is in hand. Call after the public listener is closed. */
  async stop(): Promise<void> {
    await this.#settings.stop();
    await this.#reconciler.stop();
    await this.#blobSweep.stop();
    await this.#recordings.stop();
    await this.#options.ingest.stop();
    await this.#media.stop();
    await Promise.all([...this.#normalisers.values()].map((normaliser) => normaliser.stop()));
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.stop(deliveryGraceMs)));
  }

  #ensureNormaliser(tenant: Tenant): void {
    if (this.#normalisers.has(tenant.id)) return;
    const normaliser = new Normaliser({ ...this.#options, calm: this.#calm, tenant });
    this.#normalisers.set(tenant.id, normaliser);
    normaliser.start();
  }

  async #ensureDispatchers(tenant: Tenant): Promise<void> {
    const { database, registry } = this.#options;
    for (const configured of await readSinks(database.orm, tenant, registry)) {
      const running = this.#dispatchers.get(configured.id);
      if (running !== undefined) {
        running.configure(configured);
        continue;
      }
      const sink = new SinkHandle(configured);
      const dispatcher = new Dispatcher({ ...this.#options, calm: this.#calm, tenant, sink });
      this.#dispatchers.set(configured.id, dispatcher);
      dispatcher.start();
    }
  }

  #unreadable(tenant: Tenant, error: unknown): void {
    if (!(error instanceof SealError)) throw error;
    this.#options.log.error({ error, instance: tenant.id }, 'The sinks of an instance cannot be read.');
  }
}
