import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFailed, onTestFinished } from 'vitest';
import type { FailPoint, SessionFailPoint } from '../../src/core/failpoint.js';
import { copyEmbeddedTemplate, type TemplateKind } from './embedded-template.js';
import { nodeOptions } from './node-options.js';

/** What providers sign; it never changes, whatever port the process got. */
export const publicUrl = 'https://archway.example.com';

export interface GatewayOptions {
  /** A Postgres; default: an embedded database in the data directory. */
  readonly databaseUrl?: string | undefined;
  /** What the embedded database is at first; default: migrated. */
  readonly embedded?: TemplateKind;
  readonly environment?: Readonly<Record<string, string>>;
}

export interface StartOptions {
  /** Kills itself there, at this pass (from 1) after `armFailPoint`. */
  readonly crashAt?: { readonly point: FailPoint | SessionFailPoint; readonly pass?: number };
  /** A command that runs the one behind it: a tracer, a limit. */
  readonly launcher?: readonly string[];
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const startMaxMs = 60_000;
/** Longer than the gateway's own bound for a shutdown. */
const stopMaxMs = 30_000;
const loggedLinesShown = 40;

/** A real gateway process on a data directory that outlives it. One per test: both are gone when the test ends. */
export class GatewayProcess {
  readonly #options: GatewayOptions;
  #child: ChildProcess | undefined;
  #exit: Promise<Exit> = Promise.resolve({ code: null, signal: null });
  #adminUrl = '';
  #output = '';
  #log = '';
  #processId = 0;

  private constructor(
    readonly dataDirectory: string,
    readonly publicPort: number,
    options: GatewayOptions,
  ) {
    this.#options = options;
  }

  /** Makes the data directory; nothing runs yet. Must be called inside a test. */
  static async create(options: GatewayOptions = {}): Promise<GatewayProcess> {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'archway-process-'));
    await chmod(dataDirectory, 0o700);
    if (options.databaseUrl === undefined) {
      await copyEmbeddedTemplate(join(dataDirectory, 'database'), options.embedded ?? 'migrated');
    }
    const gateway = new GatewayProcess(dataDirectory, await freePort(), options);
    onTestFailed(() => gateway.#printLog());
    onTestFinished(async () => {
      if (gateway.isRunning) await gateway.killNow();
      await rm(dataDirectory, { recursive: true, force: true });
    });
    return gateway;
  }

  /** A gateway that is ready. */
  static async start(options: GatewayOptions & StartOptions = {}): Promise<GatewayProcess> {
    const gateway = await GatewayProcess.create(options);
    await gateway.start(options);
    return gateway;
  }

  /** Starts the process on its data directory and waits until both listeners answer. */
  async start(options: StartOptions = {}): Promise<void> {
    this.launch(options);
    const deadline = Date.now() + startMaxMs;
    while (!(await this.#isAnnounced())) {
      if (!this.isRunning) throw new Error(`The gateway did not start:\n${this.#log}`);
      if (Date.now() > deadline) throw new Error(`The gateway is not ready after ${startMaxMs} ms.`);
      await sleep(20);
    }
  }

  /** Starts the process without waiting for anything; `exited` tells how it ends. */
  launch({ crashAt, launcher = [] }: StartOptions = {}): void {
    if (this.isRunning) throw new Error('The gateway runs already.');
    const program = fileURLToPath(
      new URL(crashAt === undefined ? '../../bin/archway.js' : './crash-gateway.mjs', import.meta.url),
    );
    const node = [process.execPath, ...nodeOptions];
    const [command = process.execPath, ...rest] = [...launcher, ...node, program, 'serve'];
    const child = spawn(command, rest, {
      cwd: this.dataDirectory,
      env: {
        ...this.#environment(),
        ...(crashAt && { CRASH_AT: `${crashAt.point}:${crashAt.pass ?? 1}` }),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout?.on('data', (chunk) => {
      this.#output += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      this.#log += chunk;
    });
    const killWithUs = () => child.kill('SIGKILL');
    process.once('exit', killWithUs);
    this.#exit = once(child, 'close').then(([code, signal]) => {
      process.off('exit', killWithUs);
      return { code, signal };
    });
  }

  get isRunning(): boolean {
    const child = this.#child;
    return child !== undefined && child.exitCode === null && child.signalCode === null;
  }

  /** Where webhooks are posted to. */
  get webhookBase(): string {
    return `http://127.0.0.1:${this.publicPort}`;
  }

  get adminUrl(): string {
    return this.#adminUrl;
  }

  /** Id of the gateway itself, also where a launcher stands before it. */
  get processId(): number {
    return this.#processId;
  }

  /** Standard error of all its lives. */
  get log(): string {
    return this.#log;
  }

  /** Standard output of all its lives. */
  get output(): string {
    return this.#output;
  }

  /** Resolves when the process has ended, by itself or by us. */
  get exited(): Promise<Exit> {
    return this.#exit;
  }

  /** Another gateway, on the same data directory and launched, for a test that it is refused. */
  rival(): GatewayProcess {
    const rival = new GatewayProcess(this.dataDirectory, this.publicPort, {
      ...this.#options,
      environment: { ...this.#options.environment, PORT: '0' },
    });
    rival.launch();
    return rival;
  }

  /** From now on passes of the fail point count. */
  armFailPoint(): void {
    process.kill(this.#processId, 'SIGUSR2');
  }

  /** The end by a fail point. */
  async diedAtFailPoint(): Promise<void> {
    const { signal } = await within(this.#exit, stopMaxMs, 'The fail point was not reached');
    if (signal !== 'SIGKILL') throw new Error(`The gateway ended by itself:\n${this.#log}`);
  }

  async killNow(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exit;
  }

  /** SIGTERM, as an operator stops it. Fails unless it ends in time and with exit code 0. */
  async stop(): Promise<void> {
    process.kill(this.#processId, 'SIGTERM');
    const { code, signal } = await within(this.#exit, stopMaxMs, 'The gateway did not stop');
    if (code !== 0) throw new Error(`The gateway stopped with ${code ?? signal}:\n${this.#log}`);
  }

  async adminKey(): Promise<string> {
    return (await readFile(join(this.dataDirectory, 'admin-key'), 'utf8')).trim();
  }

  /** Asks the private API. Throws unless it answers with a success. */
  async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.#adminUrl}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${await this.adminKey()}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text) as Answer;
  }

  /** All pages of a list. */
  async list<Item>(path: string, method = 'GET'): Promise<Item[]> {
    const items: Item[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '?limit=500' : `?limit=500&cursor=${cursor}`;
      const page: { data: Item[]; next: string | null } = await this.call(method, `${path}${query}`);
      items.push(...page.data);
      cursor = page.next;
    }
    return items;
  }

  async #isAnnounced(): Promise<boolean> {
    const text = await readFile(join(this.dataDirectory, 'gateway.json'), 'utf8').catch(() => '');
    if (!text.endsWith('\n')) return false;
    const { pid, adminUrl } = JSON.parse(text) as { pid: number; adminUrl: string };
    // A killed gateway leaves its file behind.
    if (pid === this.#processId || !isAlive(pid)) return false;
    this.#processId = pid;
    this.#adminUrl = adminUrl;
    return true;
  }

  /** Nothing of the surroundings but what programs need: variables of ours that are unknown would be refused. */
  #environment(): Record<string, string> {
    const { databaseUrl, environment } = this.#options;
    return {
      PATH: process.env.PATH ?? '',
      PORT: String(this.publicPort),
      ADMIN_PORT: '0',
      ARCHWAY_DATA_DIR: this.dataDirectory,
      ARCHWAY_PUBLIC_URL: publicUrl,
      // What a test sees must not depend on the hour at which it runs.
      ARCHWAY_RECONCILE_HOUR: 'off',
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...environment,
    };
  }

  #printLog(): void {
    const lines = this.#log.trimEnd().split('\n').slice(-loggedLinesShown);
    console.error(`The end of the log of ${this.dataDirectory}:\n${lines.join('\n')}`);
  }
}

/** Rejects when it takes longer. */
export async function within<Value>(
  promise: Promise<Value>,
  limitMs: number,
  complaint: string,
): Promise<Value> {
  const timeout = new AbortController();
  const late = sleep(limitMs, undefined, { signal: timeout.signal }).then(() => {
    throw new Error(`${complaint} within ${limitMs} ms.`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    timeout.abort();
  }
}

/** Asking is work for the gateway too, which has better things to do. */
const askEveryMs = 100;

/** Asks until the answer is true. */
export async function until(ask: () => Promise<boolean>, limitMs: number, complaint: string): Promise<void> {
  const deadline = Date.now() + limitMs;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`${complaint} within ${limitMs} ms.`);
    await sleep(askEveryMs);
  }
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** A port that stays free until it is used: below the range from which the system gives ports to connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    const server = createServer();
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
}
