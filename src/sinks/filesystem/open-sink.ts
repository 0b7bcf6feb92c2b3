import { join } from 'node:path';
import type { OpenSink, SinkContext } from 'archway/sdk';
import { inspectKept, openArchive } from './archive.js';
import { Archivist, type LaneKeeper } from './delivery.js';
import { failureFrom } from './failures.js';
import type { KeeperTask } from './keeper-messages.js';
import type { FilesystemSettings } from './settings.js';
import { choosePublishing, incomingFolder } from './write-once.js';

/**
 * @param startKeeper makes what keeps the envelopes.
 * @throws {Failure} when the directory cannot be used.
 */
export async function openSink(
  settings: FilesystemSettings,
  context: SinkContext,
  startKeeper: (task: KeeperTask) => LaneKeeper,
): Promise<OpenSink> {
  try {
    const root = await openArchive(settings.directory, context.now());
    const publishing = await choosePublishing(join(root, incomingFolder));
    const keeper = startKeeper({ root, publishing });
    return serve(root, new Archivist(root, publishing, keeper, context), keeper);
  } catch (error) {
    throw failureFrom(error, settings.directory);
  }
}

function serve(root: string, archivist: Archivist, keeper: LaneKeeper): OpenSink {
  let disposed = false;
  const running = new Set<Promise<unknown>>();
  return {
    async deliver(deliveries, signal) {
      const kept = archivist.keep(deliveries, () => disposed || signal.aborted);
      running.add(kept);
      return kept.finally(() => running.delete(kept));
    },
    inspect: (evidence) => inspectKept(root, evidence),
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.allSettled(running);
      await keeper.close();
    },
  };
}
