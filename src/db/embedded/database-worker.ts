import type { Duplex } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { DriverStream, refusedStream } from '../driver-stream.js';
import { databaseWorkerFile } from './worker-file.js';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.js';

export type DatabaseWorkerSettings = Pick<WorkerTask, 'idleInTransactionMs'>;

/** The main thread's side of the worker: hands out streams and carries their bytes. */
export class DatabaseWorker {
  readonly ended: Promise<Error | undefined>;
  readonly #worker: Worker;
  readonly #directory: string;
  readonly #syncCount = new Int32Array(new SharedArrayBuffer(4));
  readonly #ready: Promise<void>;
  readonly #streams = new Map<number, DriverStream>();
  #lastPort = 0;
  /** Why there are no new connections. */
  #refusal: string | undefined;
  #failure: string | undefined;

  private constructor(task: WorkerTask['task'], directory: string, settings: DatabaseWorkerSettings) {
    this.#directory = directory;
    const syncCount = this.#syncCount.buffer as SharedArrayBuffer;
    const workerData: WorkerTask = { task, directory, syncCount, ...settings };
    // No execArgv: a loader or inspector of the main thread has nothing to do in there.
    this.#worker = new Worker(databaseWorkerFile(), { workerData, execArgv: [], name: 'embedded-database' });
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (exitCode) => resolve(this.#afterExit(exitCode)));
    });
    this.#ready = new Promise((resolve, reject) => {
      this.#worker.on('message', (message: FromWorker) => {
        if (message.kind === 'ready') resolve();
        else this.#receive(message);
      });
      this.ended.then((error) => (error === undefined ? resolve() : reject(error)));
    });
    this.#worker.on('error', (error) => {
      this.#failure ??= error.message;
    });
  }

  /** Fills the directory with a new cluster. */
  static async create(directory: string, settings: DatabaseWorkerSettings): Promise<void> {
    const worker = new DatabaseWorker('create', directory, settings);
    worker.#refusal = 'is being made';
    await worker.#ready;
    await worker.ended;
  }

  static async serve(directory: string, settings: DatabaseWorkerSettings): Promise<DatabaseWorker> {
    const worker = new DatabaseWorker('serve', directory, settings);
    await worker.#ready;
    return worker;
  }

  get syncCount(): number {
    return Atomics.load(this.#syncCount, 0);
  }

  connect(): Duplex {
    if (this.#refusal !== undefined) {
      return refusedStream(this.#connectionError('ECONNREFUSED', this.#refusal));
    }
    this.#lastPort += 1;
    const port = this.#lastPort;
    const stream = new DriverStream({
      send: (bytes) => this.#tell({ kind: 'data', port, bytes }),
      end: () => this.#tell({ kind: 'end', port }),
      gone: () => {
        if (this.#streams.delete(port)) this.#tell({ kind: 'drop', port });
      },
    });
    this.#streams.set(port, stream);
    return stream;
  }

  async close(): Promise<void> {
    if (this.#refusal === undefined) {
      this.#refusal = 'is closed';
      this.#tell({ kind: 'close' });
    }
    await this.ended;
  }

  #tell(message: ToWorker): void {
    this.#worker.postMessage(message, message.kind === 'data' ? [message.bytes.buffer] : []);
  }

  #receive(message: Exclude<FromWorker, { kind: 'ready' }>): void {
    switch (message.kind) {
      case 'data':
        this.#streams.get(message.port)?.receive(message.bytes);
        return;
      case 'closed': {
        const stream = this.#streams.get(message.port);
        this.#streams.delete(message.port);
        stream?.destroy();
        return;
      }
      case 'failed':
        this.#failure = message.reason;
        return;
    }
  }

  #afterExit(exitCode: number): Error | undefined {
    const asked = this.#refusal !== undefined;
    if (exitCode !== 0 || !asked) {
      this.#refusal = `has ended: ${this.#failure ?? `its worker left with exit code ${exitCode}`}`;
    }
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) {
      stream.destroy(this.#connectionError('ECONNRESET', this.#refusal ?? 'is closed'));
    }
    return exitCode === 0 && asked ? undefined : this.#connectionError('ECONNRESET', this.#refusal ?? '');
  }

  #connectionError(code: 'ECONNREFUSED' | 'ECONNRESET', what: string): Error {
    return Object.assign(new Error(`The embedded database in ${this.#directory} ${what}.`), { code });
  }
}
