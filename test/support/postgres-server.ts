import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const script = resolve(import.meta.dirname, '../../scripts/postgres-for-tests.sh');
const run = promisify(execFile);

/** A Postgres server of a test's own, to be stopped and started while something works on it. */
export interface PostgresServer {
  /** Of its superuser, on the database `postgres`; the same after every start. */
  readonly url: string;
  /** `fast` ends every session and closes in order; `immediate` is a crash, after which the next start recovers. */
  stop(mode: 'fast' | 'immediate'): Promise<void>;
  /** After a `stop`: on the same port, with the same data. */
  start(): Promise<void>;
  /** Stops it, if it runs, and removes its data. */
  remove(): Promise<void>;
}

/** Why no server can be started on this machine; undefined when one can. For `test.skipIf`. */
export async function postgresMissing(): Promise<string | undefined> {
  try {
    await run(script, ['find']);
    return undefined;
  } catch (error) {
    return (error as { stderr: string }).stderr.trim();
  }
}

/** Starts one that really syncs, on a free port of 127.0.0.1, in a temporary directory. */
export async function startPostgres(): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'archway-postgres-'));
  const port = String(await freePort());
  const start = async () => (await run(script, ['start', directory, port])).stdout.trim();
  let running = true;
  return {
    url: await start(),
    async stop(mode) {
      await run(script, ['stop', directory, mode]);
      running = false;
    },
    async start() {
      await start();
      running = true;
    },
    async remove() {
      if (running) await run(script, ['stop', directory, 'immediate']);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((found, failed) => {
    const probe = createServer().once('error', failed);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => found(port));
    });
  });
}
