import PQueue from 'p-queue';
import { failPoint } from '../../core/failpoint.js';
import type { Database } from '../../db/client.js';
import { isDatabaseUnavailable } from '../../db/errors.js';
import {
  claimMediaJobs,
  endMediaJob,
  type MediaJobRow,
  releaseMediaJob,
  releaseMediaJobsOf,
} from '../../db/media-jobs.js';
import type { Blobs } from '../../domain/blobs.js';
import type { Resolve } from '../../sdk/index.js';
import { type Log, pluginFault } from '../../telemetry/log.js';
import type { Metrics } from '../../telemetry/metrics.js';
import { BlobStorageError, LengthExceededError } from '../../vault/blob/index.js';
import type { AccountDirectory } from '../account-directory.js';
import type { LiveSessions } from '../live-sessions.js';
import { WorkLoop } from '../work-loop.js';
import { fetchRenewed } from './fetch-renewed.js';
import { MediaFailure } from './media-failure.js';
import { type MediaOrder, readOrder, requestFor } from './media-order.js';
import { MediaSettlement } from './media-settlement.js';

export interface MediaFetcherOptions {
  readonly database: Database;
  readonly directory: AccountDirectory;
  readonly blobs: Blobs;
  readonly live: LiveSessions;
  /** Id of this process, as the holder of leases. */
  readonly node: string;
  /** Asked before each portion of work, to stand back for what is more urgent. */
  readonly calm?: () => Promise<void>;
  readonly attachmentMaxBytes: number;
  /** This machine itself may play the provider, also by plain http. */
  readonly allowTestEndpoints: boolean;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly answerMaxMs?: number;
  readonly idleMaxMs?: number;
  /** For all of one attachment. */
  readonly totalMaxMs?: number;
  /** What a test hands in: name servers, and a certificate to trust. */
  readonly resolve?: Resolve;
  readonly trusted?: string;
}

const fetchesMax = 4;
const defaultAnswerMaxMs = 30_000;
const defaultIdleMaxMs = 30_000;
const defaultTotalMaxMs = 15 * 60_000;
/** Longer than one attachment may take, with what follows: whoever takes it over must not meet us still at it. */
const leaseMs = 20 * 60_000;
const pollMs = 2_000;

/**
 * Brings the bytes of attachments into the blob store: those of all instances whose accounts this node knows. p-queue only
 * bounds how many are fetched at once; the work itself lies in the database.
 */
export class MediaFetcher {
  readonly #options: MediaFetcherOptions;
  readonly #loop: WorkLoop;
  readonly #queue = new PQueue({ concurrency: fetchesMax });
  readonly #settlement: MediaSettlement;
  readonly #underWay = new Map<string, AbortController>();
  #stopping = false;

  constructor(options: MediaFetcherOptions) {
    this.#options = options;
    this.#settlement = new MediaSettlement(options.database, options.node);
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) => options.log.error({ error }, 'The fetching of attachments will be tried again.'),
    });
  }

  /** Takes up what this node had claimed when it died, and begins. */
  async start(): Promise<void> {
    await releaseMediaJobsOf(this.#options.database.orm, this.#options.node);
    this.#loop.start();
  }

  wake(): void {
    this.#loop.wake();
  }

  /** Ends the transfers under way; they are due again at once. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const stopped = this.#loop.stop();
    for (const transfer of this.#underWay.values()) transfer.abort();
    await stopped;
    await this.#queue.onIdle();
  }

  async #portion(): Promise<boolean> {
    const { database, directory, node, calm } = this.#options;
    await calm?.();
    const limit = fetchesMax - this.#underWay.size;
    if (limit < 1) return false;
    const active = [...this.#underWay.keys()];
    const claim = { holder: node, accountIds: directory.accountIds(), active, limit, leaseMs };
    const jobs = await claimMediaJobs(database.orm, claim);
    if (jobs.length > 0) failPoint('media:claimed');
    for (const job of jobs) {
      const transfer = new AbortController();
      this.#underWay.set(job.attachmentId, transfer);
      void this.#queue.add(() => this.#run(job, transfer));
    }
    return false;
  }

  async #run(job: MediaJobRow, transfer: AbortController): Promise<void> {
    const { totalMaxMs = defaultTotalMaxMs, log } = this.#options;
    const timer = setTimeout(() => transfer.abort(), totalMaxMs);
    try {
      await this.#fetchAndSettle(job, transfer.signal);
    } catch (error) {
      log.error({ error, attachment: job.attachmentId }, 'What came of an attachment could not be stored.');
    } finally {
      clearTimeout(timer);
      // Also ends a connection whose body nobody came to read.
      transfer.abort();
      this.#underWay.delete(job.attachmentId);
      this.#loop.wake();
    }
  }

  async #fetchAndSettle(job: MediaJobRow, signal: AbortSignal): Promise<void> {
    const { database, directory, node } = this.#options;
    const { attachmentId } = job;
    const entry = directory.get(job.accountId);
    const order = entry && !this.#stopping ? await readOrder(database.orm, entry, job) : 'not-now';
    if (order === 'not-now') return releaseMediaJob(database.orm, attachmentId, node);
    if (order === undefined) return void (await endMediaJob(database.orm, attachmentId, node));
    const failure = await this.#fetch(order, signal).catch((error: unknown) => this.#failureOf(error, order));
    if (failure === undefined) return this.#observe(order, 'stored');
    // A shutdown is not a failed try: what it interrupted is simply due again.
    if (this.#stopping) return releaseMediaJob(database.orm, attachmentId, node);
    const { action } = await this.#settlement.failed(order, job, failure);
    this.#observe(order, action === 'give-up' ? 'gone' : action, failure);
  }

  async #fetch(order: MediaOrder, signal: AbortSignal): Promise<undefined> {
    const { blobs, live, attachmentMaxBytes, log, answerMaxMs, idleMaxMs, ...options } = this.#options;
    const limits = {
      lengthMaxBytes: attachmentMaxBytes,
      answerMaxMs: answerMaxMs ?? defaultAnswerMaxMs,
      idleMaxMs: idleMaxMs ?? defaultIdleMaxMs,
    };
    const session = live.get(order.account.id);
    const request = await requestFor(order, { signal, session, log });
    const store = await blobs.of(order.tenant);
    const { contentType, body } = await fetchRenewed(request, { ...options, limits, signal });
    const blob = await store.put(body, { lengthMaxBytes: attachmentMaxBytes });
    failPoint('media:stored');
    await this.#settlement.stored(order, blob, contentType);
  }

  #failureOf(error: unknown, { attachment }: MediaOrder): MediaFailure {
    if (error instanceof MediaFailure) return error;
    if (error instanceof LengthExceededError) {
      return new MediaFailure(
        'too-large',
        `It has more than the ${error.lengthMaxBytes} bytes that ARCHWAY_ATTACHMENT_MAX_MB allows.`,
      );
    }
    if (error instanceof BlobStorageError)
      return new MediaFailure('storage', error.message, { cause: error });
    if (isDatabaseUnavailable(error)) throw error;
    this.#options.log.error({ fault: pluginFault(error), attachment: attachment.id }, 'A transfer failed.');
    return new MediaFailure('fault', 'Something failed on our side; the log of the server says what.');
  }

  #observe({ attachment }: MediaOrder, outcome: string, failure?: MediaFailure): void {
    const { log, metrics } = this.#options;
    metrics.attachments.inc({ outcome });
    if (failure === undefined) return;
    const { reason, message } = failure;
    log.warn(
      { attachment: attachment.id, reason, detail: message, outcome },
      'An attachment was not fetched.',
    );
  }
}
