import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPostgres, type PostgresPrograms, PostgresServer } from '../../test/support/postgres-server.js';
import { lockFile } from '../core/directory-lock.js';
import { type DatabaseLocation, openDatabase } from '../db/client.js';
import { migrateDatabase } from '../db/migrate.js';
import { insertAccount, insertInstance } from '../db/tenancy.js';
import { createInstanceKey, parseMasterKey } from '../vault/index.js';
import type { Check } from './doctor-checks/check.js';
import { FakeApi, page, problem, runCli } from './testing.js';

const masterKey = Buffer.alloc(32, 7).toString('base64');
const otherKey = Buffer.alloc(32, 8).toString('base64');
const instanceId = '019aaf3e-0002-7a52-b3f4-0c8a5a1e2d3f';
const accountId = '019aaf3e-0003-7a52-b3f4-0c8a5a1e2d3f';

/** Runs the doctor; gives its exit code and its checks by name. */
async function consult(environment: Record<string, string>, ...more: string[]) {
  const { exitCode, stdout } = await runCli(['doctor', '--json', ...more], environment);
  const checks = JSON.parse(stdout) as Check[];
  return { exitCode, checks, find: (name: string) => checks.find((check) => check.name === name) };
}

/** A migrated database with one instance and an account whose connector is not installed. */
async function fill(location: DatabaseLocation): Promise<void> {
  const database = await openDatabase(location);
  try {
    await migrateDatabase(database);
    const { wrapped } = createInstanceKey(parseMasterKey(masterKey, 'test'), instanceId);
    await insertInstance(database.orm, {
      id: instanceId,
      name: 'default',
      wrappedKey: wrapped,
      settings: {},
    });
    const account = { id: accountId, instanceId, connector: 'gone', sealed: new Uint8Array([1]) };
    await insertAccount(database.orm, account);
  } finally {
    await database.close();
  }
}

test('a wrong configuration is one failed check per variable, and ends with 6', async () => {
  const { exitCode, checks } = await consult({ ARCHWAY_DATA: 'x', PORT: 'high' });
  expect(exitCode).toBe(6);
  expect(checks.map((check) => check.status)).toEqual(['fail', 'fail']);
});

test('before the first start nothing fails, and nothing is made', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'archway-doctor-'));
  const environment = { ARCHWAY_DATA_DIR: join(parent, 'data') };
  const { exitCode, find } = await consult(environment);
  expect(exitCode).toBe(0);
  expect(find('data directory')?.status).toBe('warn');
  // Were it made by this check, a second look would not warn.
  expect((await consult(environment)).find('data directory')?.status).toBe('warn');
});

test('for people: one line per check, the remedy below', async () => {
  const { stdout } = await runCli(['doctor'], { ARCHWAY_DATA_DIR: '/nowhere/data' });
  expect(stdout).toMatch(/^ok {4}configuration +\S/m);
  expect(stdout).toMatch(/^warn {2}public URL +not set.*\n +→ set ARCHWAY_PUBLIC_URL/m);
});

describe('a running server', () => {
  const routes = {
    'GET /readyz': { body: { status: 'ready' } },
    'GET /v1/status': {
      body: {
        unmatched: 0,
        captures: { pending: 0, quarantined: 2 },
        deliveries: { pending: 0, delivered: 5, dead: 0 },
        sinks: [],
      },
    },
    'GET /v1/sinks': page([]),
  };

  test('tells what the embedded database holds', async () => {
    await using api = await FakeApi.start(routes);
    const { exitCode, find } = await consult(api.environment);
    expect(exitCode).toBe(0);
    expect(find('server')).toMatchObject({ status: 'ok' });
    expect(find('database')?.detail).toMatch(/running server/);
    expect(find('backlog')).toMatchObject({
      status: 'warn',
      detail: expect.stringContaining('2 capture(s)'),
    });
    expect(find('sinks')?.status).toBe('warn');
  });

  test('that is not ready, or refuses the key, fails', async () => {
    await using unready = await FakeApi.start({ 'GET /readyz': problem(503, 'The database is away.') });
    expect((await consult(unready.environment)).find('server')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('The database is away.'),
    });
    await using refusing = await FakeApi.start({ ...routes, 'GET /v1/status': problem(401, 'Unknown key.') });
    expect((await consult(refusing.environment)).find('server')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('Unknown key.'),
    });
  });
});

describe('the embedded database, while no server runs', () => {
  let directory: string;
  let environment: Record<string, string>;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'archway-doctor-'));
    await chmod(directory, 0o700);
    await fill({ kind: 'embedded', directory: join(directory, 'database') });
    environment = { ARCHWAY_DATA_DIR: directory, ARCHWAY_MASTER_KEY: masterKey };
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('is opened and read; an account without its connector fails', async () => {
    const { exitCode, find } = await consult(environment);
    for (const name of ['database', 'schema', 'instance keys', 'backlog']) {
      expect(find(name)).toMatchObject({ status: 'ok' });
    }
    expect(find('plugins')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('connector gone'),
    });
    expect(find('sinks')).toMatchObject({ status: 'warn' });
    expect(exitCode).toBe(6);
  });

  test('sealed under another master key it fails', async () => {
    const { find } = await consult({ ...environment, ARCHWAY_MASTER_KEY: otherKey });
    expect(find('instance keys')).toMatchObject({ status: 'fail' });
  });

  test('an instance that does not exist fails', async () => {
    const { find } = await consult(environment, '--instance', 'nowhere');
    expect(find('instances')).toMatchObject({ status: 'fail' });
  });

  test('held by a process that does not answer it is left alone', async () => {
    const lock = lockFile(join(directory, 'lock'));
    try {
      const { find } = await consult(environment);
      expect(find('database')).toMatchObject({ status: 'fail', detail: expect.stringContaining('held by') });
      expect(find('schema')).toBeUndefined();
    } finally {
      lock.release();
    }
  });
});

const programs = findPostgres();

test.skipIf(typeof programs === 'string')(
  'Postgres: empty warns, filled is fine, stopped fails',
  async () => {
    const server = await PostgresServer.start(programs as PostgresPrograms);
    const environment = { DATABASE_URL: server.url, ARCHWAY_MASTER_KEY: masterKey };
    expect((await consult(environment)).find('schema')).toMatchObject({ status: 'warn' });

    await fill({ kind: 'postgres', url: server.url });
    const filled = await consult(environment);
    for (const name of ['database', 'clock', 'schema', 'instance keys']) {
      expect(filled.find(name)).toMatchObject({ status: 'ok' });
    }

    await server.stop();
    const stopped = await consult(environment);
    expect(stopped.find('database')).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('ECONNREFUSED'),
    });
    expect(stopped.exitCode).toBe(6);
  },
);
