import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from './gateway-process.js';
import { nodeOptions } from './node-options.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** What killed it. */
  readonly signal: NodeJS.Signals | null;
}

/** Runs `archway …` as a user would, against the gateway's data directory. */
export function archway(gateway: GatewayProcess, ...args: string[]): Promise<CommandResult> {
  return runArchway({ ARCHWAY_DATA_DIR: gateway.dataDirectory }, args);
}

/**
 * Runs `archway …` with these variables of the environment and no others.
 *
 * @param program default: the one that is shipped.
 */
export function runArchway(
  environment: Readonly<Record<string, string>>,
  args: readonly string[],
  program = '../../bin/archway.js',
): Promise<CommandResult> {
  const file = fileURLToPath(new URL(program, import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ...environment };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...nodeOptions, file, ...args],
      { env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1);
        resolve({ code, stdout, stderr, signal: error?.signal ?? null });
      },
    );
  });
}

/** The objects that a `--json` command prints, one a line. */
export async function archwayJson<Item>(gateway: GatewayProcess, ...args: string[]): Promise<Item[]> {
  const { code, stdout, stderr } = await archway(gateway, ...args, '--json');
  if (code !== 0) throw new Error(`archway ${args.join(' ')} ended with ${code}: ${stderr}`);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Item);
}
