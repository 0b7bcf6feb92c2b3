import { failPoint } from '../../core/failpoint.js';
import { decideMedia } from '../../core/retry-policy.js';
import type { Database } from '../../db/client.js';
import {
  claimSearches,
  endSearch,
  postponeSearch,
  type RecordingSearchRow,
  recordingsChannel,
  releaseSearches,
} from '../../db/recording-searches.js';
import { captureOwn } from '../../domain/own-captures.js';
import { Failure, type Listed, type OwnEvent } from '../../sdk/index.js';
import { type Log, pluginFault } from '../../telemetry/log.js';
import type { AccountDirectory, DirectoryEntry } from '../account-directory.js';
import type { Ingest } from '../ingest.js';
import { takeBatch } from '../listed-batch.js';
import type { LiveSessions } from '../live-sessions.js';
import { asFailure } from '../outcomes.js';
import { WorkLoop } from '../work-loop.js';
import { readWanted, type WantedCall } from './ended-call.js';

export interface RecordingFinderOptions {
  readonly database: Database;
  readonly directory: AccountDirectory;
  readonly ingest: Pick<Ingest, 'accept'>;
  readonly live: LiveSessions;
  /** Id of this process, as the holder of leases. */
  readonly node: string;
  readonly log: Log;
}

const searchesMax = 10;
const listedMax = 100;
/** For one question to a provider, with everything that follows from its answer. */
const askMaxMs = 2 * 60_000;
/** Longer than that: whoever takes a search over must not meet us still at it. */
const leaseMs = 5 * 60_000;
const pollMs = 15_000;

/**
 * Asks providers for recordings that were announced, or are made of every call, and have not come. What is found goes the
 * way of everything else that is listed, and ends the search when it is recorded; what is not found for more than a day is a
 * gap, which is closed when it comes after all. The searches lie in the database; each has one holder at a time.
 */
export class RecordingFinder {
  readonly #options: RecordingFinderOptions;
  readonly #loop: WorkLoop;
  readonly #stopping = new AbortController();

  constructor(options: RecordingFinderOptions) {
    this.#options = options;
    this.#loop = new WorkLoop({
      work: () => this.#portion(),
      pollMs,
      onError: (error) => options.log.error({ error }, 'The search for recordings will be tried again.'),
    });
  }

  /** Takes up what this node had claimed when it died, and begins. */
  async start(): Promise<void> {
    const { database, node } = this.#options;
    await releaseSearches(database.orm, node);
    await database.listen(recordingsChannel, () => this.#loop.wake());
    this.#loop.start();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop.stop();
  }

  async #portion(): Promise<boolean> {
    const { database, directory, node } = this.#options;
    const claim = {
      holder: node,
      accountIds: directory.accountIds(),
      active: [],
      limit: searchesMax,
      leaseMs,
    };
    const searches = await claimSearches(database.orm, claim);
    if (searches.length > 0) failPoint('recordings:claimed');
    await Promise.all(searches.map((search) => this.#guarded(search)));
    return searches.length === searchesMax;
  }

  /** One search that cannot be settled must not keep the others from their turn. */
  async #guarded(search: RecordingSearchRow): Promise<void> {
    const { log } = this.#options;
    try {
      await this.#settle(search);
    } catch (error) {
      log.error({ error, call: search.callId }, 'A search for a recording could not be settled.');
    }
  }

  async #settle(search: RecordingSearchRow): Promise<void> {
    const { database, directory, node } = this.#options;
    const { callId } = search;
    const entry = directory.get(search.accountId);
    if (entry === undefined || this.#stopping.signal.aborted)
      return releaseSearches(database.orm, node, callId);
    const wanted = await readWanted(database.orm, entry.tenant, callId);
    if (wanted === undefined) return void (await endSearch(database.orm, search, node, 'over'));
    if (search.state === 'arrived') return this.#end(search, entry, closedGap(search, wanted), 'over');
    const failure = await this.#ask(entry, wanted);
    if (this.#stopping.signal.aborted) return releaseSearches(database.orm, node, callId);
    await this.#postpone(search, entry, wanted, failure);
  }

  /** Returns why there is nothing; where there was, its record has ended the search by then. */
  async #ask(entry: DirectoryEntry, { call }: WantedCall): Promise<Failure> {
    const { database, ingest, live, log } = this.#options;
    const { account } = entry;
    const nothing = new Failure('unavailable', 'The provider lists no recording of this call.');
    if (account.connector.recordings === undefined) {
      return new Failure('rejected', 'This connector cannot ask its provider for recordings.');
    }
    const deadline = new AbortController();
    const abort = () => deadline.abort();
    const timer = setTimeout(abort, askMaxMs);
    this.#stopping.signal.addEventListener('abort', abort);
    try {
      const { signal } = deadline;
      const session = live.get(account.id);
      const context = { settings: account.settings, signal, now: () => new Date(), session };
      const listed: Listed[] = [];
      for await (const item of account.connector.recordings(call, context)) {
        if (listed.push(item) === listedMax) break;
      }
      failPoint('recordings:listed');
      await takeBatch({ database, ingest, entry, startedAt: new Date(), signal }, listed);
      failPoint('recordings:taken');
      return nothing;
    } catch (error) {
      const failure = asFailure(error);
      if (failure !== undefined || this.#stopping.signal.aborted) return failure ?? nothing;
      log.error({ fault: pluginFault(error), account: account.id }, 'Recordings could not be listed.');
      return new Failure('indeterminate', 'The recordings could not be listed.', { cause: error });
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener('abort', abort);
    }
  }

  async #postpone(
    search: RecordingSearchRow,
    entry: DirectoryEntry,
    wanted: WantedCall,
    failure: Failure,
  ): Promise<void> {
    const { database, node, log } = this.#options;
    const { instanceId, callId } = search;
    const { kind, retryAfterMs, message } = failure;
    const attempts = search.attempts + 1;
    // An account that cannot ask at all leaves its calls without a recording as much as an outage does.
    const judged = kind === 'rejected' ? kind : 'unavailable';
    const decision = decideMedia({ kind: judged, attempts, retryAfterMs, random: Math.random() });
    if (decision.action === 'give-up') {
      await this.#end(search, entry, openedGap(search, wanted, message), 'missing');
      return;
    }
    const { delayMs } = decision;
    const postponed = { instanceId, callId, holder: node, failureKind: kind, failure: message, delayMs };
    await postponeSearch(database.orm, postponed);
    log.debug({ call: callId, failure: kind, attempts }, 'A recording has not come yet.');
  }

  async #end(
    search: RecordingSearchRow,
    { tenant, account }: DirectoryEntry,
    event: OwnEvent,
    end: 'missing' | 'over',
  ): Promise<void> {
    const { database, node, log } = this.#options;
    const isOurs = await database.orm.transaction(async (tx) => {
      if (!(await endSearch(tx, search, node, end))) return false;
      await captureOwn(tx, tenant.vault, account.id, { events: [event] });
      failPoint('recordings:before-commit');
      return true;
    });
    failPoint('recordings:after-commit');
    if (isOurs && end === 'missing')
      log.warn({ call: search.callId, account: account.id }, 'A recording is missing for good.');
  }
}

function openedGap({ callId }: RecordingSearchRow, { row, about }: WantedCall, why: string): OwnEvent {
  const { startedAt, endedAt } = row;
  const { key, ...shared } = about;
  return {
    ...shared,
    ...{ kind: 'gap', key: gapKey(callId), about: key, state: 'open', reason: 'recording-missing' },
    detail: `A recording of call ${callId} was announced or expected, and has not come. ${why}`,
    ...(startedAt !== null && { since: startedAt.toISOString() }),
    ...(endedAt !== null && { until: endedAt.toISOString() }),
  };
}

function closedGap({ callId }: RecordingSearchRow, { about }: WantedCall): OwnEvent {
  const { key: _key, ...shared } = about;
  return {
    ...shared,
    ...{ kind: 'gap', key: `${gapKey(callId)}/closed`, about: gapKey(callId), state: 'closed' },
    reason: 'recording-missing',
    detail: `The recording of call ${callId} has come after all.`,
  };
}

function gapKey(callId: string): string {
  return `gap/recording/${callId}`;
}
