import { failPoint } from '../core/failpoint.js';
import type { Database } from '../db/client.js';
import { acquireLease, type Lease, releaseLease } from '../db/leases.js';
import {
  accountsWithWork,
  claimOutbound,
  cutOffSends,
  outboundChannel,
  unrecordedRequests,
} from '../db/outbound.js';
import type { Blobs } from '../domain/blobs.js';
import type { Log } from '../telemetry/log.js';
import type { AccountDirectory, DirectoryEntry } from './account-directory.js';
import type { LiveSessions } from './live-sessions.js';
import { callProvider, callTimeoutMs } from './provider-send.js';
import { settleAnswer, settleCutOff, settleUnrecorded } from './sender-settlement.js';
import { WorkLoop } from './work-loop.js';

export interface SenderOptions {
  readonly database: Database;
  readonly directory: AccountDirectory;
  readonly blobs: Blobs;
  /** Id of this node, as the holder of leases. */
  readonly node: string;
  /** Under which providers reach us. */
  readonly publicUrl: string;
  readonly live: LiveSessions;
  readonly log: Log;
}

/** Longer than a call may take and be settled: whoever takes an account over must not meet us still sending for it. */
const leaseMs = callTimeoutMs + 30_000;
const pollMs = 1_000;
/** How long to wait for the record of a request that was just made. */
const recordWaitMs = 50;
const settleRetryMs = 1_000;
/** How long a stop waits for calls under way, within the gateway's own bound for a shutdown. */
const stopGraceMs = 10_000;

/**
 * Sends what was requested, one message of an account after the other: so recipients get theirs in order, and an account
 * keeps to its rate. Accounts go side by side. Everything that decides is in the database.
 *
 * A message leaves at most once, unless the connector says that repeating it is harmless: `sending` is committed before the
 * call, and what is found in that state by the account's next holder has no known end.
 */
export class Sender {
  readonly #options: SenderOptions;
  readonly #loop: WorkLoop;
  readonly #active = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  /** Aborted when a stop cannot wait any longer. */
  readonly #cutOff = new AbortController();

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      work: async () => {
        await this.#giveUpUnrecorded();
        for (const accountId of await accountsWithWork(options.database.orm)) this.#ensure(accountId);
        return false;
      },
      pollMs,
      onError: (error) => options.log.error({ error }, 'The sender will try again.'),
    });
  }

  async start(): Promise<void> {
    await this.#options.database.listen(outboundChannel, () => this.#loop.wake());
    this.#loop.start();
  }

  /**
   * Nothing new leaves. Calls under way are waited for, and after a while told to end; what became of their messages is put
   * on record first.
   */
  async stop(): Promise<void> {
    this.#stop.abort();
    const late = setTimeout(() => this.#cutOff.abort(), stopGraceMs);
    await this.#loop.stop();
    await Promise.all(this.#active.values());
    clearTimeout(late);
  }

  /** A request whose record could not be made must not leave, and must not wait for ever. */
  async #giveUpUnrecorded(): Promise<void> {
    const { database, directory } = this.#options;
    for (const row of await unrecordedRequests(database.orm)) {
      const entry = await directory.find(row.accountId);
      if (entry !== undefined) await settleUnrecorded(this.#options, entry, row);
    }
  }

  #ensure(accountId: string): void {
    if (this.#active.has(accountId) || this.#stop.signal.aborted) return;
    const run = this.#run(accountId)
      .catch((error: unknown) => {
        this.#options.log.error(
          { error, account: accountId },
          'Sending for an account failed; it goes on shortly.',
        );
      })
      .finally(() => this.#active.delete(accountId));
    this.#active.set(accountId, run);
  }

  /** Sends until nothing is left, or until the account must wait longer than the next poll. */
  async #run(accountId: string): Promise<void> {
    const { database, directory, node } = this.#options;
    const entry = await directory.find(accountId);
    if (entry === undefined || !this.#canSend(entry)) return;
    const request = {
      name: `sender/${accountId}`,
      instanceId: entry.tenant.id,
      holder: node,
      durationMs: leaseMs,
    };
    let lease = await acquireLease(database.orm, request);
    if (lease === null) return;
    try {
      for (const row of await cutOffSends(database.orm, accountId)) {
        await settleCutOff(this.#options, entry, row);
      }
      let emptyTurns = 0;
      while (!this.#stop.signal.aborted && lease !== null && emptyTurns < pollMs / recordWaitMs) {
        const waitMs = await this.#turn(entry, lease);
        if (waitMs > pollMs) return;
        emptyTurns = waitMs === recordWaitMs ? emptyTurns + 1 : 0;
        if (waitMs > 0) await this.#pause(waitMs);
        lease = await acquireLease(database.orm, request);
      }
    } finally {
      if (lease !== null) await releaseLease(database.orm, lease);
    }
  }

  /** Where sending takes the account's session, only the node that has it sends, and only while it is open. */
  #canSend({ account }: DirectoryEntry): boolean {
    const { outbound } = account.connector.capabilities;
    return outbound?.bySession !== true || this.#options.live.get(account.id) !== undefined;
  }

  /** Sends one message if one may go; returns how long to wait before the next. */
  async #turn({ account, tenant }: DirectoryEntry, lease: Lease): Promise<number> {
    const { database, directory } = this.#options;
    const entry = directory.get(account.id) ?? { account, tenant };
    if (!this.#canSend(entry)) return Number.POSITIVE_INFINITY;
    const claimed = await database.orm.transaction((tx) =>
      claimOutbound(tx, {
        accountId: account.id,
        instanceId: tenant.id,
        lease,
        intervalMs: Math.ceil(1_000 / perSecond(entry)),
      }),
    );
    if (claimed.kind === 'wait') return claimed.waitMs;
    if (claimed.kind === 'nothing') return recordWaitMs;
    failPoint('sender:claimed');
    const answer = await callProvider(this.#options, entry, claimed.row, this.#cutOff.signal);
    failPoint('sender:answered');
    await this.#settle(() => settleAnswer(this.#options, entry, claimed.row, answer));
    return 0;
  }

  /** What the provider said must not be lost to an outage of the database: it is tried until it stands, or we stop. */
  async #settle(settle: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await settle();
      } catch (error) {
        if (this.#cutOff.signal.aborted) throw error;
        this.#options.log.error({ error }, 'An answer of a provider could not be put on record yet.');
        await this.#pause(settleRetryMs, this.#cutOff.signal);
      }
    }
  }

  async #pause(durationMs: number, signal = this.#stop.signal): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, durationMs);
      signal.addEventListener('abort', end);
      if (signal.aborted) end();
    });
  }
}

/** One who sends both keeps to the slower of the two. */
function perSecond({ account: { connector, settings } }: DirectoryEntry): number {
  const { outbound, calls } = connector.capabilities;
  const messages = connector.messagesPerSecond?.(settings) ?? outbound?.messagesPerSecond;
  return Math.min(messages ?? calls?.callsPerSecond ?? 1, calls?.callsPerSecond ?? Number.POSITIVE_INFINITY);
}
