import { z } from 'zod';
import type { Config } from '../../config/index.js';
import { CliError } from '../cli-error.js';
import { ApiClient } from '../client.js';
import { findAddress, findConnection, type ServerAddress, startHint } from '../connection.js';
import { exitCodes } from '../exit-codes.js';
import { sinkShape, statusShape } from '../shapes.js';
import { type Check, fail, ok, warn } from './check.js';

const name = 'server';
const readinessTimeoutMs = 5_000;

/** What a running server says of itself; `running` is false when none answers. */
export interface ServerFinding {
  readonly check: Check;
  readonly running: boolean;
  /** Undefined when it could not be asked. */
  readonly report?: ServerReport;
}

export interface ServerReport {
  readonly status: z.infer<typeof statusShape>;
  readonly sinks: readonly z.infer<typeof sinkShape>[];
}

/** Finds the running server, asks whether it is ready, and then what it knows of the instance. */
export async function checkServer(config: Config, instance: string | undefined): Promise<ServerFinding> {
  try {
    const address = await findAddress(config);
    const unready = await whyUnready(address);
    if (unready !== undefined) {
      return {
        check: fail(name, `${address.adminUrl} is not ready: ${unready}`, 'see the log of the server'),
        running: true,
      };
    }
    return await askServer(config, address, instance);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { check: warn(name, error.detail, startHint), running: false };
  }
}

async function askServer(
  config: Config,
  { adminUrl }: ServerAddress,
  instance: string | undefined,
): Promise<ServerFinding> {
  try {
    const client = new ApiClient(await findConnection(config), instance);
    const report = {
      status: await client.get('/v1/status', statusShape),
      sinks: await client.all('/v1/sinks', sinkShape),
    };
    return { check: ok(name, `ready at ${adminUrl}`), running: true, report };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const check = fail(
      name,
      `${adminUrl} is ready, but did not tell its status: ${error.detail}`,
      'mend this first',
    );
    return { check, running: true };
  }
}

/** @throws {CliError} when nothing answers. */
async function whyUnready({ adminUrl, source }: ServerAddress): Promise<string | undefined> {
  let response: Response;
  try {
    response = await fetch(`${adminUrl}/readyz`, {
      redirect: 'manual',
      signal: AbortSignal.timeout(readinessTimeoutMs),
    });
  } catch (cause) {
    throw new CliError(
      exitCodes.unreachable,
      'Server not reachable',
      `no server answers at ${adminUrl} (from ${source})`,
      {},
      { cause },
    );
  }
  const text = await response.text();
  if (response.ok) return undefined;
  return detailOf(text) ?? `status ${response.status}`;
}

const problemSchema = z.object({ detail: z.string() });

function detailOf(text: string): string | undefined {
  try {
    return problemSchema.safeParse(JSON.parse(text)).data?.detail;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
