import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, type TestContext, test } from 'vitest';
import { DatabaseProxy } from '../outage/support/database-proxy.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { findPostgres, PostgresServer } from '../support/postgres-server.js';
import { addDesk, Traffic } from '../support/traffic.js';
import { requirePostgresUrl, skip } from './support/databases.js';
import { settled } from './support/kept.js';
import { exchanges, readTrace, syncsOf, tracer, unsynced, whyNoTrace } from './support/trace.js';

/**
 * `kill -9` does not test syncing: what a killed process wrote is still in the kernel's memory. So the system calls are looked
 * at: between the reading of a request and the writing of its 200, the log of the database was forced to disk.
 */
const log = /\/pg_wal\//;
const oneByOne = 15;
const together = { conversations: 8, each: 3 };

async function traceFile(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'archway-trace-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return join(directory, 'calls');
}

/** Sends messages one by one, each after all work for the one before has ended, and then many at once. */
async function converse(gateway: GatewayProcess, account: string): Promise<number> {
  const alone = new Traffic(account, { conversations: 1, seed: 1 });
  for (let sent = 1; sent <= oneByOne; sent += 1) {
    await alone.send(gateway, { each: 1 });
    await settled(gateway);
  }
  const crowd = new Traffic(account, { conversations: together.conversations, seed: 2 });
  await crowd.send(gateway, { each: together.each });
  return alone.answered.length + crowd.answered.length;
}

interface Traced {
  readonly answered: number;
  readonly seen: number;
  readonly withoutSync: number;
}

async function traceEmbedded(databaseSettings: string): Promise<Traced> {
  const gateway = await GatewayProcess.create();
  await appendFile(join(gateway.dataDirectory, 'database/postgresql.conf'), `\n${databaseSettings}\n`);
  const file = await traceFile();
  await gateway.start({ launcher: tracer(file) });
  const answered = await converse(gateway, await addDesk(gateway));
  await gateway.stop();
  const calls = await readTrace(file);
  const all = exchanges(calls, gateway.publicPort);
  return { answered, seen: all.length, withoutSync: unsynced(all, syncsOf(calls, log)).length };
}

async function tracePostgres(context: TestContext, settings: readonly string[]): Promise<Traced> {
  const programs = findPostgres();
  if (typeof programs === 'string') return skip(context, programs);
  const server = await PostgresServer.start(programs, settings);
  const gateway = await GatewayProcess.start({ databaseUrl: server.url });
  const account = await addDesk(gateway);
  await gateway.stop();
  await server.stop();
  const serverCalls = await server.startTraced();
  const file = await traceFile();
  await gateway.start({ launcher: tracer(file) });
  const answered = await converse(gateway, account);
  await gateway.stop();
  await server.stop();
  const all = exchanges(await readTrace(file), gateway.publicPort);
  return {
    answered,
    seen: all.length,
    withoutSync: unsynced(all, syncsOf(await readTrace(serverCalls), log)).length,
  };
}

/** The same for the spool, while the database is away. */
async function traceSpool(context: TestContext): Promise<Traced> {
  const line = await DatabaseProxy.open(await requirePostgresUrl(context));
  const gateway = await GatewayProcess.create({ databaseUrl: line.url });
  const file = await traceFile();
  await gateway.start({ launcher: tracer(file) });
  const traffic = new Traffic(await addDesk(gateway), { conversations: together.conversations, seed: 3 });
  line.cut();
  await traffic.send(gateway, { each: together.each });
  line.mend();
  await settled(gateway);
  await gateway.stop();
  const calls = await readTrace(file);
  const all = exchanges(calls, gateway.publicPort);
  const spoolSyncs = syncsOf(calls, /\/spool\/\d+\.spool>/);
  return {
    answered: traffic.answered.length,
    seen: all.length,
    withoutSync: unsynced(all, spoolSyncs).length,
  };
}

test('the spool is forced to disk before each 200', { timeout: 180_000 }, async (context) => {
  requireTracer(context);
  const { answered, seen, withoutSync } = await traceSpool(context);
  expect(answered).toBe(together.conversations * together.each);
  expect({ seen, withoutSync }).toEqual({ seen: answered, withoutSync: 0 });
});

function requireTracer(context: TestContext): void {
  const reason = whyNoTrace();
  if (reason !== undefined) skip(context, reason);
}

describe.for([
  { database: 'the embedded database', trace: (_: TestContext, settings: string) => traceEmbedded(settings) },
  {
    database: 'Postgres',
    trace: (context: TestContext, settings: string) =>
      tracePostgres(context, settings === '' ? [] : [settings]),
  },
])('$database', ({ trace }) => {
  test('forces its log to disk before each 200', { timeout: 120_000 }, async (context) => {
    requireTracer(context);
    const { answered, seen, withoutSync } = await trace(context, '');
    expect(answered).toBe(oneByOne + together.conversations * together.each);
    expect({ seen, withoutSync }).toEqual({ seen: answered, withoutSync: 0 });
  });

  test('is seen not to when its syncing is turned off', { timeout: 120_000 }, async (context) => {
    requireTracer(context);
    const { answered, seen, withoutSync } = await trace(context, 'fsync=off');
    expect({ seen, withoutSync }).toEqual({ seen: answered, withoutSync: answered });
  });
});
