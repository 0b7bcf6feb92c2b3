import { aborted } from '../core/abort.js';
import { Failure, type Listed, type TimeWindow } from '../sdk/index.js';
import { type Log, pluginFault } from '../telemetry/log.js';
import type { DirectoryEntry } from './account-directory.js';
import { asFailure } from './outcomes.js';

const batchMax = 100;

/**
 * What a connector lists of a window, in portions. Ends with the signal, also where a plugin does not heed it.
 *
 * @throws {Failure} whatever the plugin throws.
 * @throws the signal's reason.
 */
export async function* batchesOf(
  window: TimeWindow,
  { account }: DirectoryEntry,
  { signal, log }: { readonly signal: AbortSignal; readonly log: Log },
): AsyncGenerator<Listed[]> {
  const context = { settings: account.settings, signal, now: () => new Date() };
  const toldToEnd = aborted(signal).then(() => {
    throw signal.reason;
  });
  toldToEnd.catch(() => undefined);
  let listing: AsyncIterator<Listed> | undefined;
  let batch: Listed[] = [];
  try {
    listing = account.connector.reconcile?.(window, context)[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([listing?.next(), toldToEnd]);
      if (next === undefined || next.done === true) break;
      batch.push(next.value);
      if (batch.length < batchMax) continue;
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } catch (error) {
    if (signal.aborted) throw error;
    throw failureOf(error, account.id, log);
  } finally {
    // Not waited for: a listing that hangs would not end by this either.
    listing
      ?.return?.()
      .catch((error: unknown) => log.debug({ fault: pluginFault(error) }, 'A listing did not end well.'));
  }
}

function failureOf(error: unknown, account: string, log: Log): Failure {
  const failure = asFailure(error);
  if (failure !== undefined) return failure;
  log.error({ fault: pluginFault(error), account }, 'A connector threw; that is a fault in it.');
  return new Failure('indeterminate', 'The connector failed unexpectedly.', { cause: error });
}
