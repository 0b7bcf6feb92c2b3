import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { onTestFinished } from 'vitest';
import { tracer } from '../crash/support/trace.js';
import { freePort, until } from './gateway-process.js';

/** Where the programs of a Postgres server are, and as whom to run them: they refuse to run as root. */
export interface PostgresPrograms {
  readonly directory: string;
  readonly user: { readonly name: string; readonly uid: number; readonly gid: number } | undefined;
}

/** The programs, or why a test that needs a server of its own cannot run here. */
export function findPostgres(): PostgresPrograms | string {
  const directory = programDirectories().find((each) =>
    ['initdb', 'postgres'].every((program) => existsSync(join(each, program))),
  );
  if (directory === undefined) return 'initdb and postgres are not installed';
  if (process.getuid?.() !== 0) return { directory, user: undefined };
  const user = ['postgres', 'nobody'].map(findUser).find((each) => each !== undefined);
  return user === undefined
    ? 'Postgres refuses to run as root, and there is no other user'
    : { directory, user };
}

function programDirectories(): string[] {
  const debian = '/usr/lib/postgresql';
  const installed = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [
    ...installed.map((version) => join(debian, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ];
}

function findUser(name: string): { name: string; uid: number; gid: number } | undefined {
  const line = readFileSync('/etc/passwd', 'utf8').match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm'));
  return line === null ? undefined : { name, uid: Number(line[1]), gid: Number(line[2]) };
}

const startMaxMs = 30_000;

/** A Postgres server of the test's own, which it may stop, kill and start again. */
export class PostgresServer {
  #child: ChildProcess | undefined;
  #closed: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly programs: PostgresPrograms,
    readonly directory: string,
    readonly port: number,
    readonly settings: readonly string[],
  ) {}

  /**
   * Makes a cluster and starts it; both are gone when the test ends.
   *
   * @param settings such as `fsync=off`.
   */
  static async start(programs: PostgresPrograms, settings: readonly string[] = []): Promise<PostgresServer> {
    const directory = await mkdtemp(join(tmpdir(), 'archway-postgres-'));
    const { user } = programs;
    if (user !== undefined) await chown(directory, user.uid, user.gid);
    const server = new PostgresServer(programs, directory, await freePort(), settings);
    onTestFinished(async () => {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    });
    const initialise = ['-D', join(directory, 'data'), '-U', 'archway', '-A', 'trust', '-E', 'UTF8'];
    await promisify(execFile)(
      join(programs.directory, 'initdb'),
      [...initialise, '--locale=C', '--no-sync'],
      server.#as(),
    );
    await server.start();
    return server;
  }

  get url(): string {
    return `postgres://archway@127.0.0.1:${this.port}/postgres`;
  }

  /** @param launcher a command that runs the one behind it. */
  async start(launcher: readonly string[] = []): Promise<void> {
    const settings = [
      `port=${this.port}`,
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      ...this.settings,
    ];
    const program = join(this.programs.directory, 'postgres');
    const data = ['-D', join(this.directory, 'data')];
    const options = settings.flatMap((each) => ['-c', each]);
    const [command = program, ...rest] = [...launcher, program, ...data, ...options];
    const child = spawn(command, rest, {
      ...this.#as(),
      stdio: 'ignore',
    });
    this.#child = child;
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#closed = once(child, 'close').then(() => process.off('exit', killWithUs));
    await until(() => this.#answers(), startMaxMs, 'Postgres is not ready');
  }

  /** Starts with all its processes under a tracer; returns the file that the tracer writes. */
  async startTraced(): Promise<string> {
    const file = join(this.directory, 'calls');
    await this.start(tracer(file));
    return file;
  }

  /** As `pg_ctl stop -m immediate`: connections break, nothing is written any more, the next start recovers. */
  async stop(): Promise<void> {
    // Its own id, since a tracer would not pass the signal on.
    const processId = this.#processId();
    if (processId !== undefined) process.kill(processId, 'SIGQUIT');
    await this.#closed;
  }

  async #answers(): Promise<boolean> {
    const sql = postgres(this.url, { max: 1, connect_timeout: 2, onnotice: () => undefined });
    try {
      await sql`select 1`;
      return true;
    } catch {
      return false;
    } finally {
      await sql.end({ timeout: 1 });
    }
  }

  /** From the file that a running server keeps. */
  #processId(): number | undefined {
    const file = join(this.directory, 'data/postmaster.pid');
    if (this.#child === undefined || this.#child.exitCode !== null || !existsSync(file)) return undefined;
    return Number(readFileSync(file, 'utf8').split('\n', 1)[0]);
  }

  #as() {
    const { user } = this.programs;
    return { cwd: this.directory, ...(user && { uid: user.uid, gid: user.gid }) };
  }
}
