import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { DatabaseLocation } from '../src/db/client.js';

export const publicUrl = 'https://archway.example.com';

export interface Server {
  readonly port: number;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

export async function startUsual(
  variant: 'bare' | 'official' | 'own',
  location: DatabaseLocation,
): Promise<Server> {
  const port = await freePort();
  const script = fileURLToPath(new URL('./usual.js', import.meta.url));
  const child = fork(script, [variant, String(port), publicUrl, JSON.stringify(location)]);
  await once(child, 'message');
  return { port, process: child, stop: () => stopProcess(child) };
}

export interface GatewayServer extends Server {
  readonly dataDirectory: string;
  /** Asks the private API. */
  call<Answer>(path: string, body?: unknown): Promise<Answer>;
  /** Milliseconds from the start of the process until it was ready. */
  readonly startMs: number;
}

export async function startGateway(
  dataDirectory: string,
  location: DatabaseLocation,
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayServer> {
  const port = await freePort();
  const begun = performance.now();
  const program = fileURLToPath(new URL('../../bin/archway.js', import.meta.url));
  const child = spawn(process.execPath, [program, 'serve'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      PORT: String(port),
      ADMIN_PORT: '0',
      ARCHWAY_DATA_DIR: dataDirectory,
      ARCHWAY_PUBLIC_URL: publicUrl,
      ARCHWAY_LOG_LEVEL: 'error',
      // As the image sets it.
      UV_THREADPOOL_SIZE: '16',
      ...(location.kind === 'postgres' ? { DATABASE_URL: location.url } : {}),
      ...environment,
    },
  });
  const adminUrl = await announcedUrl(dataDirectory, child);
  const key = (await readFile(join(dataDirectory, 'admin-key'), 'utf8')).trim();
  return {
    port,
    process: child,
    dataDirectory,
    startMs: Math.round(performance.now() - begun),
    call: (path, body) => callApi(`${adminUrl}${path}`, key, body),
    stop: () => stopProcess(child),
  };
}

/** A gateway keeps its embedded database in its data directory. */
export function usedBy(dataDirectory: string, location: DatabaseLocation): DatabaseLocation {
  if (location.kind === 'postgres') return location;
  return { kind: 'embedded', directory: join(dataDirectory, 'database') };
}

/** Resident memory of a process in MB. Linux only: elsewhere 0. */
export function residentMb(processId: number): number {
  try {
    const pages = Number(readFileSync(`/proc/${processId}/statm`, 'utf8').split(' ')[1]);
    return Math.round((pages * 4_096) / 1_048_576);
  } catch {
    return 0;
  }
}

async function announcedUrl(dataDirectory: string, child: ChildProcess): Promise<string> {
  for (;;) {
    if (child.exitCode !== null) throw new Error('The gateway ended before it was ready.');
    const text = await readFile(join(dataDirectory, 'gateway.json'), 'utf8').catch(() => '');
    if (text.endsWith('\n')) {
      const { pid, adminUrl } = JSON.parse(text) as { pid: number; adminUrl: string };
      if (pid === child.pid) return adminUrl;
    }
    await sleep(10);
  }
}

async function callApi<Answer>(url: string, key: string, body: unknown): Promise<Answer> {
  const response = await fetch(url, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}

async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
