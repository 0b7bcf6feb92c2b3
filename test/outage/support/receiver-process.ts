import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Envelope } from '../../../src/sdk/index.js';
import { freePort, within } from '../../support/gateway-process.js';

/** How the receiver behaves; see receiver.mjs. */
export type ReceiverMode =
  | { readonly kind: 'takes' | 'hangs' }
  | { readonly kind: 'is-slow'; readonly delayMs: number }
  /** Answers 503 at the first try of one item in so many, or 422 at each. */
  | { readonly kind: 'fails' | 'rejects'; readonly oneIn: number; readonly seed: number };

export interface Received {
  readonly key: string;
  readonly envelope: Envelope;
}

const startMaxMs = 20_000;

/** A real receiver of webhooks, with a memory on disk that outlives it. Gone when the test ends. */
export class ReceiverProcess {
  #child: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly port: number,
  ) {}

  /** Nothing listens yet. */
  static async create(mode: ReceiverMode = { kind: 'takes' }): Promise<ReceiverProcess> {
    const directory = await mkdtemp(join(tmpdir(), 'archway-receiver-'));
    const receiver = new ReceiverProcess(directory, await freePort());
    await receiver.behave(mode);
    onTestFinished(async () => {
      await receiver.kill();
      await rm(directory, { recursive: true, force: true });
    });
    return receiver;
  }

  static async running(mode?: ReceiverMode): Promise<ReceiverProcess> {
    const receiver = await ReceiverProcess.create(mode);
    await receiver.start();
    return receiver;
  }

  /** What a sink of the type `webhook` needs to reach it. */
  get settings(): Record<string, string> {
    const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
    const url = `http://127.0.0.1:${this.port}/archway`;
    return { url, secret, allowPrivate: 'true', timeoutMs: '1000' };
  }

  async behave(mode: ReceiverMode): Promise<void> {
    const file = join(this.directory, 'mode.json');
    await writeFile(`${file}.new`, JSON.stringify(mode));
    await rename(`${file}.new`, file);
  }

  async start(): Promise<void> {
    const program = fileURLToPath(new URL('./receiver.mjs', import.meta.url));
    const child = spawn(process.execPath, [program, this.directory, String(this.port)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child = child;
    await within(once(child.stdout, 'data'), startMaxMs, 'The receiver did not start');
  }

  /** By SIGKILL, in the middle of whatever it does. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, 'exit');
    child.kill('SIGKILL');
    await exit;
  }

  /** What it has kept, each key once, in the order of its first arrival. */
  async received(): Promise<Received[]> {
    const text = await readFile(join(this.directory, 'kept.jsonl'), 'utf8').catch(() => '');
    const lines = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
    return lines
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { key: string; envelope: string })
      .map(({ key, envelope }) => ({ key, envelope: JSON.parse(envelope) as Envelope }));
  }
}
