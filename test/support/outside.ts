import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { CommandResult } from './command-line.js';

/** A folder outside the tree, where somebody writes plugins. Gone when the test ends. */
export class Outside {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Outside> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'archway-outside-')));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return new Outside(folder);
  }

  pathOf(path: string): string {
    return join(this.folder, path);
  }

  /** Writes a file; returns its path. */
  async put(path: string, text: string): Promise<string> {
    const file = this.pathOf(path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return file;
  }

  /** Runs `archway …` here, as the compiled program, with nothing else in the environment. */
  archway(args: readonly string[], environment: Record<string, string> = {}): Promise<CommandResult> {
    const program = fileURLToPath(new URL('../../bin/archway.js', import.meta.url));
    const env = { PATH: process.env.PATH ?? '', ...environment };
    return new Promise((resolve) => {
      execFile(process.execPath, [program, ...args], { cwd: this.folder, env }, (error, stdout, stderr) => {
        resolve({
          code: error === null ? 0 : Number(error.code ?? 1),
          signal: error?.signal ?? null,
          stdout,
          stderr,
        });
      });
    });
  }
}
