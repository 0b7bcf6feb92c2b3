import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config/index.js';
import { CliError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';

/** Where the private API answers, and who told us. */
export interface ServerAddress {
  readonly adminUrl: string;
  /** `ARCHWAY_ADMIN_URL`, or the path of the file that a running server writes. */
  readonly source: string;
}

export interface Connection extends ServerAddress {
  readonly apiKey: string;
  /** `ARCHWAY_API_KEY`, or the path of the file that holds the key. */
  readonly keySource: string;
}

const gatewaySchema = z.object({ adminUrl: z.url({ protocol: /^https?$/ }) });

export const startHint = 'Start the server with: archway serve';

/** @throws {CliError} that says how to start a server, or how to give a key. */
export async function findConnection(config: Config): Promise<Connection> {
  const address = await findAddress(config);
  return { ...address, ...(await findKey(config, address)) };
}

/** @throws {CliError} when nothing says where a server is. */
export async function findAddress(config: Config): Promise<ServerAddress> {
  if (config.adminUrl !== undefined) return { adminUrl: config.adminUrl, source: 'ARCHWAY_ADMIN_URL' };
  const file = join(config.dataDirectory, 'gateway.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const reason = error.code === 'ENOENT' ? 'has no gateway.json' : `cannot be read (${error.code})`;
    throw unreachable(
      `No server is running here: the data directory ${config.dataDirectory} ${reason}. ${startHint}. ` +
        'If it runs elsewhere, set ARCHWAY_DATA_DIR to its data directory, or ARCHWAY_ADMIN_URL and ARCHWAY_API_KEY.',
    );
  });
  return { adminUrl: parseGateway(text, file), source: file };
}

function parseGateway(text: string, file: string): string {
  try {
    return gatewaySchema.parse(JSON.parse(text)).adminUrl;
  } catch (cause) {
    throw unreachable(
      `${file} does not name the address of a server. Restart the server, which writes it, or set ARCHWAY_ADMIN_URL.`,
      cause,
    );
  }
}

type Key = Pick<Connection, 'apiKey' | 'keySource'>;

async function findKey(config: Config, { adminUrl }: ServerAddress): Promise<Key> {
  if (config.apiKey !== undefined) return readableKey(config.apiKey, 'ARCHWAY_API_KEY');
  const file = join(config.dataDirectory, 'admin-key');
  // The key of this machine's server is not for another machine: a mistyped address would be handed full access.
  if (config.adminUrl !== undefined && !isLoopback(adminUrl)) {
    throw keyMissing(
      `ARCHWAY_ADMIN_URL points to another machine, and ARCHWAY_API_KEY is not set. Set it to a key of ${adminUrl} ` +
        `(the key in ${file} is sent to this machine only).`,
    );
  }
  const key = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw keyMissing(
      error.code === 'ENOENT'
        ? `There is no API key: ARCHWAY_API_KEY is not set and ${file} does not exist. Set ARCHWAY_API_KEY, or set ` +
            'ARCHWAY_DATA_DIR to the data directory of the server.'
        : `The API key in ${file} cannot be read (${error.code}). Run this as the user who runs the server, or set ARCHWAY_API_KEY.`,
    );
  });
  return readableKey(key, file);
}

/** Refuses what no header can carry, before `fetch` does so in an error that repeats the key. */
function readableKey(text: string, keySource: string): Key {
  const apiKey = text.trim();
  if (/^[\x21-\x7e]+$/.test(apiKey)) return { apiKey, keySource };
  throw keyMissing(`${keySource} holds no API key: it must be one line that begins with ak_.`);
}

/** Whether an address leads to this very machine. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

function unreachable(detail: string, cause?: unknown): CliError {
  return new CliError(exitCodes.unreachable, 'Server not reachable', detail, {}, { cause });
}

function keyMissing(detail: string): CliError {
  return new CliError(exitCodes.refusedKey, 'API key missing', detail);
}
