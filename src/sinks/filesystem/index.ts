import { join } from 'node:path';
import { defineSink, type OpenSink, type SinkContext } from 'archway/sdk';
import { inspectKept, openArchive } from './archive.js';
import { Archivist } from './delivery.js';
import { failureFrom } from './failures.js';
import { incomingFolder } from './layout.js';
import { type FilesystemSettings, settingsSchema } from './settings.js';
import { choosePublish } from './write-once.js';

/** Keeps each envelope as one read-only file in a directory, and the bytes of attachments beside them. README.md tells how they lie and what survives what. */
export default defineSink({
  id: 'filesystem',
  title: 'Directory of read-only files',
  settings: settingsSchema,
  // The user who owns the files, and root, can change them; `inspect` and the signed log show it.
  guarantees: { immutable: false, dedupes: true, inspectable: true, attachments: true },
  open,
});

async function open(settings: FilesystemSettings, context: SinkContext): Promise<OpenSink> {
  try {
    const root = await openArchive(settings.directory, context.now());
    const publish = await choosePublish(join(root, incomingFolder));
    return serve(root, new Archivist(root, publish, context));
  } catch (error) {
    throw failureFrom(error, settings.directory);
  }
}

function serve(root: string, archivist: Archivist): OpenSink {
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
    },
  };
}
