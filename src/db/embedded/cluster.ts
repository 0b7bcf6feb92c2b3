import { fdatasyncSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { NodeFS } from '@electric-sql/pglite/nodefs';
import { OutputBuffer } from './server-messages.js';

type EngineOptions = Parameters<NodeFS['init']>[1];

/** The part of Emscripten's file system for Node that is changed here. */
interface NodeFileSystem {
  stream_ops: { fsync?: (stream: { nfd: number }) => number };
  tryFSOperation<Result>(operation: () => Result): Result;
}

/** PGlite's NodeFS leaves out fsync, so that the engine believes every write to be on disk at once. */
class SyncingNodeFS extends NodeFS {
  constructor(
    directory: string,
    private readonly onSync: () => void,
  ) {
    super(directory);
  }

  override async init(engine: PGlite, options: EngineOptions) {
    const { emscriptenOpts } = await super.init(engine, options);
    const installSync = (module: unknown) => {
      const fileSystem = (module as { NODEFS: NodeFileSystem }).NODEFS;
      fileSystem.stream_ops.fsync = (stream) => {
        // Turns a failure of the disk into an errno, on which Postgres stops rather than go on without its log.
        fileSystem.tryFSOperation(() => fdatasyncSync(stream.nfd));
        this.onSync();
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), installSync] } };
  }
}

const startParameters = [
  // -F turns syncing off.
  ...PGlite.defaultStartParams.filter((parameter) => parameter !== '-F'),
  // The engine's fdatasync, the default, does nothing.
  ...['-c', 'wal_sync_method=fsync'],
  // As for a server: see client.ts.
  ...['-c', 'plan_cache_mode=force_custom_plan'],
  ...['-c', 'random_page_cost=1.1'],
  // Errors reach the client; the log would repeat them with the statement and its values.
  ...['-c', 'log_min_messages=fatal'],
  // The engine touches all of its cache when it starts: the default of 128 MB costs that much memory at rest.
  ...['-c', 'shared_buffers=32MB'],
];

export interface Cluster {
  /** Runs client messages and gives all that the session answers. Throws when the session is lost. */
  execute(messages: Uint8Array): Uint8Array<ArrayBuffer>;
  /** Writes a checkpoint, so that the next opening has nothing to recover, and closes all files. */
  close(): Promise<void>;
}

export interface ClusterOptions {
  readonly directory: string;
  onSync(): void;
  /** The session cannot go on; called at most once, and must not return. */
  onFatal(reason: string): never;
}

/** Opens the cluster in the directory, which is created and filled (some seconds) when it is empty. */
export async function openCluster(options: ClusterOptions): Promise<Cluster> {
  let lastFatalLine = '';
  const engine = new PGlite({
    dataDir: options.directory,
    fs: new SyncingNodeFS(options.directory, options.onSync),
    startParams: startParameters,
    onStderr(line) {
      lastFatalLine = /\b(?:FATAL|PANIC): .*/.exec(line)?.[0] ?? lastFatalLine;
      return false;
    },
  });
  await engine.waitReady.catch((error: unknown) => {
    throw new Error(lastFatalLine || describe(error), { cause: error });
  });

  const fail = (error: unknown): never => options.onFatal(lastFatalLine || describe(error));
  stopOnCrash(engine, fail);
  const output = new OutputBuffer();
  const receive = (bytes: Uint8Array) => output.append(bytes);
  return {
    execute(messages) {
      // The call does its work before it returns; only its promise comes later.
      engine.execProtocolRawStream(messages, { syncToFs: false, onRawData: receive }).catch(fail);
      return output.take();
    },
    close: () => engine.close(),
  };
}

/** The exit status with which Postgres leaves a statement that failed; PGlite handles it. */
const statementFailed = 100;

/**
 * PGlite goes on after any exception of the engine. After a crash (out of memory, a failed sync, an exit) that
 * means running on with broken state, or for ever, so everything but a failed statement ends the session.
 */
function stopOnCrash(engine: PGlite, fail: (error: unknown) => never): void {
  const module = engine.Module;
  const guard = (run: () => void) => () => {
    try {
      run();
    } catch (error) {
      if ((error as { status?: unknown }).status !== statementFailed) fail(error);
      throw error;
    }
  };
  module._PostgresMainLoopOnce = guard(module._PostgresMainLoopOnce);
  module._PostgresMainLongJmp = guard(module._PostgresMainLongJmp);
}

function describe(error: unknown): string {
  if (error instanceof Error) return error.message;
  const message = (error as { message?: unknown } | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
