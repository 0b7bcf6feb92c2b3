import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { run } from './main.js';
import { apiKey, Collector, FakeApi, messageOf, page, problem, runCli } from './testing.js';

describe('help', () => {
  test('names the exit codes', async () => {
    const { exitCode, stdout } = await runCli(['--help']);
    expect(exitCode).toBe(0);
    for (const code of [0, 1, 2, 3, 4, 5, 6]) expect(stdout).toMatch(new RegExp(`^  ${code}  \\w`, 'm'));
  });

  test.each([
    'serve',
    'migrate',
    'demo',
    'doctor',
    'account add',
    'account list',
    'account show',
    'account test',
    'sink add',
    'sink list',
    'sink inspect',
    'custodian add',
    'custodian list',
    'custodian import',
    'contact add',
    'contact list',
    'people unknown',
    'people assign',
    'identity list',
    'identity end',
    'conversations',
    'conversation',
    'rebuild-conversations',
    'connector list',
    'instance add',
    'instance list',
    'messages',
    'message',
    'records',
    'dead-letters list',
    'dead-letters replay',
    'quarantine list',
    'quarantine replay',
  ])('%s has help with an example', async (command) => {
    const { exitCode, stdout, stderr } = await runCli([...command.split(' '), '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(new RegExp(`Example:\\n  \\$ .*archway ${command}`));
    expect(stderr).toBe('');
  });

  test('serve lists every variable of the environment', async () => {
    const { stdout } = await runCli(['serve', '--help']);
    expect(stdout).toMatch(/ARCHWAY_PUBLIC_URL +\S/);
    expect(stdout).toMatch(/PORT .*default: 8080/);
  });

  test('the version is that of the package', async () => {
    expect((await runCli(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage ends with 2', () => {
  test.each([
    [['nonsense'], /unknown command 'nonsense'/i],
    [['messages', '--colour'], /unknown option '--colour'/i],
    [['messages', '--limit', '0'], /whole number above 0/],
    [['messages', '--since', 'yesterday'], /2026-11-23/],
    [['messages', '--direction', 'sideways'], /inbound, outbound/],
    [['message'], /missing required argument 'id'/i],
    [['account', 'add', 'twilio-sms', '--set', 'accountSid'], /name=value/],
    [['custodian', 'add', 'Ada'], /--address/],
    [['account'], /Usage: archway account/],
  ])('%j', async (argv, expected) => {
    const { exitCode, stdout, stderr } = await runCli(argv);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(expected);
    expect(stdout).toBe('');
  });

  test('with --json as one problem', async () => {
    const { exitCode, stderr } = await runCli(['messages', '--json', '--colour']);
    expect(exitCode).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({
      type: 'about:blank',
      detail: expect.stringContaining('--colour'),
      exitCode: 2,
    });
  });

  test('a wrong environment names each variable', async () => {
    const { exitCode, stderr } = await runCli(['messages'], { ARCHWAY_ADMIN_URI: 'x', PORT: 'high' });
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/ARCHWAY_ADMIN_URI/);
    expect(stderr).toMatch(/PORT/);
  });
});

describe('finding the server and the key', () => {
  test('no server: ends with 3 and says how to start one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'archway-cli-'));
    const { exitCode, stderr } = await runCli(['messages'], { ARCHWAY_DATA_DIR: directory });
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(/archway serve/);
    expect(stderr).toMatch(/ARCHWAY_ADMIN_URL/);
  });

  test('a server that has gone: ends with 3', async () => {
    const api = await FakeApi.start({});
    const { environment } = api;
    await api[Symbol.asyncDispose]();
    const { exitCode, stderr } = await runCli(['messages', '--json'], environment);
    expect(exitCode).toBe(3);
    expect(JSON.parse(stderr).detail).toMatch(/ECONNREFUSED.*ARCHWAY_ADMIN_URL/);
  });

  test('the files in the data directory lead to both', async () => {
    await using api = await FakeApi.start({ 'GET /v1/messages': page([]) });
    const directory = await mkdtemp(join(tmpdir(), 'archway-cli-'));
    await writeFile(join(directory, 'gateway.json'), JSON.stringify({ adminUrl: api.url, pid: 1 }));
    const without = await runCli(['messages'], { ARCHWAY_DATA_DIR: directory });
    expect(without.exitCode).toBe(5);
    expect(without.stderr).toMatch(/ARCHWAY_API_KEY/);
    await writeFile(join(directory, 'admin-key'), `${apiKey}\n`);
    const found = await runCli(['messages'], { ARCHWAY_DATA_DIR: directory });
    expect(found.exitCode).toBe(0);
    expect(api.seen).toMatchObject([{ authorization: `Bearer ${apiKey}` }]);
  });

  test('the key of this machine is not sent to another one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'archway-cli-'));
    await writeFile(join(directory, 'admin-key'), `${apiKey}\n`);
    const { exitCode, stderr } = await runCli(['messages'], {
      ARCHWAY_DATA_DIR: directory,
      ARCHWAY_ADMIN_URL: 'http://archway.example.com:8081',
    });
    expect(exitCode).toBe(5);
    expect(stderr).toMatch(/another machine/);
  });

  test('a key that no header can carry is refused without being repeated', async () => {
    const environment = { ARCHWAY_ADMIN_URL: 'http://127.0.0.1:9', ARCHWAY_API_KEY: 'secret\nsecret' };
    const { exitCode, stderr } = await runCli(['messages'], environment);
    expect(exitCode).toBe(5);
    expect(stderr).not.toMatch(/secret/);
  });
});

describe('what the server answers', () => {
  test.each([
    [401, 5],
    [403, 5],
    [404, 4],
    [400, 1],
    [409, 1],
    [503, 1],
  ])('status %i ends with %i and shows the detail', async (status, expected) => {
    await using api = await FakeApi.start({ 'GET /v1/messages': problem(status, 'This is the detail.') });
    const { exitCode, stderr, stdout } = await runCli(['messages'], api.environment);
    expect(exitCode).toBe(expected);
    expect(stderr).toMatch(/This is the detail\./);
    expect(stderr).not.toContain(apiKey);
    expect(stdout).toBe('');
  });

  test('a refused key is named by where it came from', async () => {
    await using api = await FakeApi.start({ 'GET /v1/messages': problem(401, 'Unknown key.') });
    expect((await runCli(['messages'], api.environment)).stderr).toMatch(/key from ARCHWAY_API_KEY/);
  });

  test('each field that is wrong stands on a line', async () => {
    const refusal = problem(400, 'The settings are not right.', [
      'numbers is missing',
      'authToken is missing',
    ]);
    await using api = await FakeApi.start({ 'POST /v1/accounts': refusal });
    const people = await runCli(['account', 'add', 'twilio-sms'], api.environment);
    expect(people.stderr).toMatch(/\n {2}- numbers is missing\n {2}- authToken is missing\n/);
    const script = await runCli(['account', 'add', 'twilio-sms', '--json'], api.environment);
    expect(script.exitCode).toBe(1);
    expect(JSON.parse(script.stderr)).toMatchObject({
      status: 400,
      errors: ['numbers is missing', 'authToken is missing'],
      exitCode: 1,
    });
  });

  test.each([
    ['no JSON', { body: '<html>welcome</html>' }],
    ['another shape', { body: { messages: [] } }],
    ['an error that is no problem', { status: 502, body: '{"error":"bad gateway"}' }],
  ])('%s: says that this is not the private API', async (_what, answer) => {
    await using api = await FakeApi.start({ 'GET /v1/messages': answer });
    const { exitCode, stderr } = await runCli(['messages'], api.environment);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/private API/);
  });
});

test('a reader that leaves early, such as head, is no error', async () => {
  const endless = () => page([messageOf('a')], String(Math.random()));
  await using api = await FakeApi.start({ 'GET /v1/messages': endless });
  const stdout = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    },
  });
  const stderr = new Collector();
  const exitCode = await run(['messages', '--json'], { stdout, stderr, environment: api.environment });
  expect(exitCode).toBe(0);
  expect(stderr.text).toBe('');
});
