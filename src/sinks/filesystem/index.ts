import { defineSink } from 'archway/sdk';
import { KeeperThread } from './keeper-thread.js';
import { openSink } from './open-sink.js';
import { settingsSchema } from './settings.js';

/** Keeps each envelope as one read-only file in a directory, and the bytes of attachments beside them. README.md tells how they lie and what survives what. */
export default defineSink({
  id: 'filesystem',
  title: 'Directory of read-only files',
  settings: settingsSchema,
  // The user who owns the files, and root, can change them; `inspect` and the signed log show it.
  guarantees: { immutable: false, dedupes: true, inspectable: true, attachments: true },
  open: (settings, context) => openSink(settings, context, (task) => new KeeperThread(task)),
});
