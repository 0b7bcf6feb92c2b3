import { chmod, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../config/index.js';
import type { Database } from '../../db/client.js';
import { markRestore } from '../../gateway/unfinished-restore.js';
import { checkApiKey } from './api-key.js';
import { checkBacklog } from './backlog.js';
import { checkCustodians } from './custodians.js';
import { checkDataDirectory } from './data-directory.js';
import { checkDurability, judgeSkew } from './database.js';
import { checkMasterKey } from './master-key.js';
import { checkPublicUrl } from './public-url.js';
import { compareMigrations } from './schema.js';
import { checkSinkStates, checkUnmatched } from './sinks.js';
import { checkSpool } from './spool.js';
import { checkTestEndpoints } from './test-endpoints.js';

const masterKey = Buffer.alloc(32, 7).toString('base64');

const newDirectory = () => mkdtemp(join(tmpdir(), 'archway-doctor-'));

describe('own addresses', () => {
  test('that are nobody’s are a warning with a command', () => {
    expect(checkCustodians(2)).toMatchObject([
      { status: 'warn', remedy: expect.stringContaining('people assign') },
    ]);
    expect(checkCustodians(0)).toMatchObject([{ status: 'ok' }]);
    expect(checkCustodians(undefined)).toEqual([]);
  });
});

describe('public URL', () => {
  test.each([
    [undefined, 'warn'],
    ['https://archway.example.com', 'ok'],
    ['https://archway.example.com/gateway', 'ok'],
    ['https://93.184.216.34:8443', 'ok'],
    ['http://archway.example.com', 'fail'],
    ['https://localhost:8080', 'fail'],
    ['https://127.0.0.1', 'fail'],
    ['https://[::1]', 'fail'],
    ['https://archway.example.com?x=1', 'fail'],
    ['https://archway.local', 'warn'],
    ['https://gateway', 'warn'],
    ['https://10.1.2.3', 'warn'],
    ['https://172.20.0.1', 'warn'],
    ['https://172.32.0.1', 'ok'],
    ['https://[fd00::1]', 'warn'],
  ])('%s: %s', (publicUrl, status) => {
    expect(checkPublicUrl({ publicUrl }).status).toBe(status);
  });
});

describe('data directory', () => {
  test('closed to others is fine; open to others is not', async () => {
    const directory = await newDirectory();
    expect(await checkDataDirectory(directory)).toMatchObject({ status: 'ok' });
    await chmod(directory, 0o750);
    expect(await checkDataDirectory(directory)).toMatchObject({
      status: 'fail',
      remedy: `chmod 700 ${directory}`,
    });
  });

  test('one that is missing will be made, one that is a file cannot be', async () => {
    const directory = await newDirectory();
    expect((await checkDataDirectory(join(directory, 'new'))).status).toBe('warn');
    await writeFile(join(directory, 'file'), '');
    expect((await checkDataDirectory(join(directory, 'file'))).status).toBe('fail');
  });

  test('half of a restore is trouble', async () => {
    const directory = await newDirectory();
    await markRestore(directory, 'b1');
    expect(await checkDataDirectory(directory)).toMatchObject({
      status: 'fail',
      remedy: expect.stringContaining('archway restore again'),
    });
  });
});

describe('master key', () => {
  test('from the environment', async () => {
    const { check, masterKey: key } = await checkMasterKey(readConfig({ ARCHWAY_MASTER_KEY: masterKey }));
    expect(check.status).toBe('ok');
    expect(key).toBeDefined();
  });

  test('beside the data it warns', async () => {
    const directory = await newDirectory();
    const config = readConfig({ ARCHWAY_DATA_DIR: directory });
    expect((await checkMasterKey(config)).check.status).toBe('warn');
    await writeFile(join(directory, 'master-key'), `${masterKey}\n`, { mode: 0o600 });
    const { check, masterKey: key } = await checkMasterKey(config);
    expect(check).toMatchObject({ status: 'warn', detail: expect.stringContaining('share a disk') });
    expect(key).toBeDefined();
  });

  test.each([
    ['garbled', 'not a key', 0o600],
    ['open to others', `${masterKey}\n`, 0o644],
  ])('a file that is %s fails, without its text', async (_what, text, mode) => {
    const directory = await newDirectory();
    await writeFile(join(directory, 'master-key'), text, { mode });
    const { check, masterKey: key } = await checkMasterKey(readConfig({ ARCHWAY_DATA_DIR: directory }));
    expect(check.status).toBe('fail');
    expect(JSON.stringify(check)).not.toContain(text.trim());
    expect(key).toBeUndefined();
  });

  test('a file that was named must be there', async () => {
    const config = readConfig({ ARCHWAY_MASTER_KEY_FILE: '/nowhere/master-key' });
    expect((await checkMasterKey(config)).check.status).toBe('fail');
  });
});

test('API key: missing warns, open to others fails, also where the environment gives one', async () => {
  const directory = await newDirectory();
  const file = join(directory, 'admin-key');
  const config = readConfig({ ARCHWAY_DATA_DIR: directory });
  const withKey = readConfig({ ARCHWAY_DATA_DIR: directory, ARCHWAY_API_KEY: 'ak_x' });
  expect((await checkApiKey(config)).status).toBe('warn');
  expect((await checkApiKey(withKey)).status).toBe('ok');
  await writeFile(file, 'ak_x\n', { mode: 0o600 });
  expect((await checkApiKey(config)).status).toBe('ok');
  await chmod(file, 0o644);
  expect((await checkApiKey(config)).status).toBe('fail');
  expect((await checkApiKey(withKey)).status).toBe('fail');
});

describe('spool', () => {
  test('empty is fine, waiting warns, damaged fails', async () => {
    const directory = await newDirectory();
    const spool = { directory, freeMinBytes: 0 };
    expect((await checkSpool(spool)).status).toBe('ok');
    await writeFile(join(directory, '000000000001.spool'), '');
    expect((await checkSpool(spool)).status).toBe('warn');
    await writeFile(join(directory, '000000000000.spool.damaged'), '');
    expect((await checkSpool(spool)).status).toBe('fail');
  });

  test('a disk that is fuller than allowed fails', async () => {
    const directory = await newDirectory();
    const check = await checkSpool({ directory, freeMinBytes: Number.MAX_SAFE_INTEGER });
    expect(check).toMatchObject({ status: 'fail', remedy: expect.stringContaining('FREE_MIN_MB') });
  });

  test('a path that is no directory fails', async () => {
    const directory = await newDirectory();
    await mkdir(join(directory, 'sub'));
    await writeFile(join(directory, 'sub', 'file'), '');
    const check = await checkSpool({ directory: join(directory, 'sub', 'file', 'spool'), freeMinBytes: 0 });
    expect(check.status).toBe('fail');
  });
});

test('clock: more than five seconds apart fails, in both directions', () => {
  expect([0, 4_999, -4_999, 5_001, -5_001].map((skew) => judgeSkew(skew).status)).toEqual([
    'ok',
    'ok',
    'ok',
    'fail',
    'fail',
  ]);
  expect(judgeSkew(-60_000).detail).toMatch(/60\.0 s behind/);
});

test('schema: unknown migrations fail, missing ones warn', () => {
  expect(compareMigrations([1, 2], [1, 2])).toMatchObject({ check: { status: 'ok' }, current: true });
  expect(compareMigrations([1, 2], [1])).toMatchObject({ check: { status: 'warn' }, current: false });
  expect(compareMigrations([1], [1, 2])).toMatchObject({ check: { status: 'fail' }, current: false });
});

test('sinks: trouble fails with what it means; none at all warns', () => {
  const trouble = { message: 'The disk is full.', explanation: 'Free some space.' };
  expect(checkSinkStates([{ name: 'archive', state: 'open', trouble: null }])).toMatchObject([
    { status: 'ok' },
  ]);
  expect(checkSinkStates([{ name: 'archive', state: 'down', trouble }])).toMatchObject([
    { status: 'fail', detail: expect.stringContaining('The disk is full.'), remedy: 'Free some space.' },
  ]);
  expect(checkSinkStates([{ name: 'archive', state: 'paused', trouble: null }])).toMatchObject([
    { status: 'warn', remedy: 'archway sink resume archive' },
  ]);
  expect(checkSinkStates([])).toMatchObject([{ status: 'warn' }]);
  expect(checkUnmatched(0)).toEqual([]);
  expect(checkUnmatched(3)).toMatchObject([
    { status: 'warn', detail: expect.stringContaining('3 record(s) matched no sink') },
  ]);
});

test('backlog: names the command, with the instance where it is not the default one', () => {
  const quiet = { instance: 'default', quarantined: 0, dead: 0 };
  expect(checkBacklog([quiet]).status).toBe('ok');
  const check = checkBacklog([quiet, { instance: 'north', quarantined: 2, dead: 1 }]);
  expect(check.status).toBe('warn');
  expect(check.remedy).toBe(
    'archway quarantine list --instance north; archway dead-letters list --instance north',
  );
});

test('a server that does not sync its commits fails', async () => {
  const answering = (fsync: string) =>
    ({ kind: 'postgres', sql: async () => [{ version: '15.1', fsync }] }) as unknown as Database;
  expect(await checkDurability(answering('on'))).toMatchObject({ status: 'ok' });
  expect(await checkDurability(answering('off'))).toMatchObject({
    status: 'fail',
    detail: expect.stringContaining('fsync is off'),
  });
});

test('test endpoints: a line only while they are allowed', () => {
  expect(checkTestEndpoints(readConfig({}))).toEqual([]);
  expect(checkTestEndpoints(readConfig({}), { testEndpoints: false })).toEqual([]);
  const warned = [{ status: 'warn', remedy: expect.stringContaining('remove the variable') }];
  expect(checkTestEndpoints(readConfig({ ARCHWAY_ALLOW_TEST_ENDPOINTS: '1' }))).toMatchObject(warned);
  // The server may have been started with it, and the command not.
  expect(checkTestEndpoints(readConfig({}), { testEndpoints: true })).toMatchObject(warned);
});
