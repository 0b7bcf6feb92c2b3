import { z } from 'zod';
import type { Config } from '../../config/index.js';
import { CliError } from '../cli-error.js';
import { ApiClient } from '../client.js';
import { findAddress, findConnection, type ServerAddress, startHint } from '../connection.js';
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
  const address = await findAddress(config).catch(nothingFound);
  if (address === undefined) return stopped(`none runs on ${config.dataDirectory}`);
  const { adminUrl, source } = address;
  const readiness = await askReadiness(adminUrl);
  if (readiness === 'silent') return stopped(`none answers at ${adminUrl} (from ${source})`);
  if (readiness === 'ready') return askServer(config, address, instance);
  const check = fail(name, `${adminUrl} is not ready: ${readiness.reason}`, 'see the log of the server');
  return { check, running: true };
}

function stopped(detail: string): ServerFinding {
  return { check: warn(name, detail, startHint), running: false };
}

function nothingFound(error: unknown): undefined {
  if (!(error instanceof CliError)) throw error;
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

/** `/readyz` needs no key. */
async function askReadiness(adminUrl: string): Promise<'ready' | 'silent' | { reason: string }> {
  const signal = AbortSignal.timeout(readinessTimeoutMs);
  const response = await fetch(`${adminUrl}/readyz`, { redirect: 'manual', signal }).catch(() => undefined);
  if (response === undefined) return 'silent';
  if (response.ok) return 'ready';
  return { reason: detailOf(await response.text()) ?? `status ${response.status}` };
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
