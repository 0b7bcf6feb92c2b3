import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GatewayProcess } from './gateway-process.js';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `archway …` as a user would, against the gateway's data directory. */
export function archway(gateway: GatewayProcess, ...args: string[]): Promise<CommandResult> {
  const program = fileURLToPath(new URL('../../bin/archway.js', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ARCHWAY_DATA_DIR: gateway.dataDirectory };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? 1);
        resolve({ code, stdout, stderr });
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
