// The database worker: PGlite blocks the thread that it runs on, so it gets one of its own.
import { parentPort, workerData } from 'node:worker_threads';
import { type Cluster, openCluster } from './cluster.js';
import { startupFrame } from './frames.js';
import { Housekeeping } from './housekeeping.js';
import { SharedSession } from './shared-session.js';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.js';

const task = workerData as WorkerTask;
const main = parentPort;
if (main === null) throw new Error('worker.js is started by openEmbeddedDatabase, not by hand.');
const syncCount = new Int32Array(task.syncCount);

const tell = (message: FromWorker) => {
  main.postMessage(message, message.kind === 'data' ? [message.bytes.buffer] : []);
};

function fail(reason: string): never {
  tell({ kind: 'failed', reason });
  process.exit(1);
}

function serve(cluster: Cluster): void {
  const session = new SharedSession({
    execute: cluster.execute,
    greeting: cluster.execute(startupFrame('postgres', 'postgres')),
    send: (port, bytes) => tell({ kind: 'data', port, bytes }),
    closed: (port) => tell({ kind: 'closed', port }),
    idleInTransactionMs: task.idleInTransactionMs,
  });
  const housekeeping = new Housekeeping({ execute: cluster.execute, isFree: () => session.isFree });
  main?.on('message', (message: ToWorker) => {
    switch (message.kind) {
      case 'data':
        session.receive(message.port, message.bytes);
        return housekeeping.afterWork();
      case 'end':
        return session.end(message.port);
      case 'drop':
        return session.drop(message.port);
      case 'close':
        session.finish();
        housekeeping.stop();
        return void cluster.close().then(
          () => process.exit(0),
          (error: Error) => fail(error.message),
        );
    }
  });
  tell({ kind: 'ready' });
}

try {
  const cluster = await openCluster({
    directory: task.directory,
    onSync: () => Atomics.add(syncCount, 0, 1),
    onFatal: fail,
  });
  if (task.task === 'serve') serve(cluster);
  else await cluster.close();
} catch (error) {
  fail(error instanceof Error ? error.message : String(error));
}
