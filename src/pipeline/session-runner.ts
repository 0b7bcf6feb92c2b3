import { setTimeout as sleep } from 'node:timers/promises';
import { aborted, pause } from '../core/abort.js';
import { decide } from '../core/retry-policy.js';
import type { Database } from '../db/client.js';
import { acquireLease, type Lease, releaseLease } from '../db/leases.js';
import type { Account } from '../domain/accounts.js';
import { keepHealth } from '../domain/sessions.js';
import type { Tenant } from '../domain/tenants.js';
import { Failure, type Session, type SessionHealth } from '../sdk/index.js';
import type { Log } from '../telemetry/log.js';
import type { Ingest } from './ingest.js';
import { keepLease } from './keep-lease.js';
import type { LiveSessions } from './live-sessions.js';
import type { SessionOrders } from './session-orders.js';
import { SessionStore } from './session-store.js';

export interface SessionRunnerOptions {
  readonly database: Database;
  readonly tenant: Tenant;
  readonly account: Account;
  /** Id of this process, as the holder of the lease. */
  readonly node: string;
  readonly publicUrl: string;
  readonly live: LiveSessions;
  readonly orders: SessionOrders;
  readonly ingest: Pick<Ingest, 'ahead'>;
  readonly allowTestEndpoints: boolean;
  readonly log: Log;
}

const leaseMs = 30_000;
const renewMs = 10_000;
/** How long a connector may take to end after it was asked to. */
const graceMs = 5_000;

/**
 * Keeps the session of one account running while this node owns it. One owner at a time, by a lease; every commit of the
 * session checks it, so that an owner that overslept its lease commits nothing.
 */
export class SessionRunner {
  readonly #options: SessionRunnerOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  /** What was reported is written one after the other, the last one last. */
  #reports: Promise<void> = Promise.resolve();

  constructor(options: SessionRunnerOptions) {
    this.#options = options;
  }

  get account(): Account {
    return this.#options.account;
  }

  start(): void {
    this.#running ??= this.#own();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#reports;
  }

  /** Waits for the lease, works while it has it, and begins again. */
  async #own(): Promise<void> {
    const { signal } = this.#stopping;
    let pausesBefore = 0;
    while (!signal.aborted) {
      const failure = await this.#turn();
      pausesBefore = failure === undefined ? 0 : pausesBefore + 1;
      if (signal.aborted) return;
      await pause(delayAfter(failure, pausesBefore), signal);
    }
  }

  /** One run of the connector; undefined when this node does not own the session, or it ended as it should. */
  async #turn(): Promise<Failure | undefined> {
    const { account, log } = this.#options;
    let lease: Lease | null = null;
    try {
      lease = await this.#acquire();
      if (lease === null) return undefined;
      await this.#run(lease);
      return new Failure('unavailable', 'The session has ended by itself.');
    } catch (error) {
      if (this.#stopping.signal.aborted) return undefined;
      const failure =
        error instanceof Failure
          ? error
          : new Failure('unavailable', 'The session failed.', { cause: error });
      log.warn(
        { error, account: account.id, kind: failure.kind },
        'A session has ended; it is started again.',
      );
      this.#report(healthAfter(failure));
      return failure;
    } finally {
      if (lease !== null) await releaseLease(this.#options.database.orm, lease).catch(() => undefined);
    }
  }

  #acquire(): Promise<Lease | null> {
    const { database, tenant, account, node } = this.#options;
    const name = `session/${account.id}`;
    return acquireLease(database.orm, { name, instanceId: tenant.id, holder: node, durationMs: leaseMs });
  }

  async #run(lease: Lease): Promise<void> {
    const { account, live } = this.#options;
    const ended = new AbortController();
    const signal = AbortSignal.any([this.#stopping.signal, ended.signal]);
    const renewing = keepLease(() => this.#acquire(), lease, { everyMs: renewMs, ended });
    const run = account.connector.run?.(this.#session(lease, signal)) ?? Promise.resolve();
    try {
      await Promise.race([run, aborted(signal).then(() => sleep(graceMs, undefined, { ref: false }))]);
    } finally {
      ended.abort();
      live.offer(account.id, undefined);
      await renewing;
    }
  }

  #session(lease: Lease, signal: AbortSignal): Session<Record<string, unknown>> {
    const { account, publicUrl, live, allowTestEndpoints } = this.#options;
    const store = new SessionStore(this.#options, lease, signal);
    return {
      settings: account.settings,
      signal,
      now: () => new Date(),
      emit: (received, changes) => store.emit(received, changes),
      recall: async (name) => (await store.recall([name])).get(name),
      recallMany: (names) => store.recall(names),
      forget: (groups, writtenBefore) => store.forget(groups, writtenBefore),
      nextOrder: (ending) => store.nextOrder(ending),
      showLink: async (offer) => {
        // Whoever sees that a code is gone sees what has been reported before.
        await this.#reports;
        await store.showLink(offer);
      },
      report: (health) => this.#report(health),
      offer: (handle) => {
        // A run that was asked to end no longer speaks for the account.
        if (!signal.aborted) live.offer(account.id, handle);
      },
      webhookUrl: (endpoint) => `${publicUrl}/webhooks/${account.id}/${endpoint}`,
      allowTestEndpoints,
    };
  }

  #report(health: SessionHealth): void {
    const { database, tenant, account, log } = this.#options;
    log.info({ account: account.id, state: health.state, detail: health.detail }, 'A session reports.');
    this.#reports = this.#reports
      .then(() => keepHealth(database.orm, tenant.vault, account.id, health))
      .catch((error: unknown) => log.warn({ error }, 'How a session stands could not be kept.'));
  }
}

function healthAfter(failure: Failure): SessionHealth {
  const mended = {
    auth: 'Give new credentials: archway account set',
    config: 'Correct the settings: archway account set',
  };
  const action = failure.kind === 'auth' || failure.kind === 'config' ? mended[failure.kind] : undefined;
  return { state: 'degraded', detail: failure.message, ...(action !== undefined && { action }) };
}

/** Also while another node owns the session: that one may die. */
const otherOwnerMs = 5_000;

function delayAfter(failure: Failure | undefined, pausesBefore: number): number {
  if (failure === undefined) return otherOwnerMs;
  const { kind, retryAfterMs } = failure;
  const waits = kind === 'rejected' || kind === 'indeterminate' ? 'unavailable' : kind;
  const decision = decide({
    kind: waits,
    attempts: 1,
    pausesBefore,
    retryAfterMs,
    othersGetThrough: false,
    random: Math.random(),
  });
  return decision.action === 'give-up' ? otherOwnerMs : decision.delayMs;
}
