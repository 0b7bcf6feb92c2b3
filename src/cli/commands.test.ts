import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { FakeApi, messageOf, page, runCli } from './testing.js';

const webhooks = {
  messages: 'https://archway.example.com/webhooks/a/messages#rc=5&rp=all',
  status: 'https://archway.example.com/webhooks/a/status#rc=5&rp=all',
};

const connector = {
  id: 'twilio-sms',
  title: 'Twilio SMS',
  version: '1',
  origin: 'built-in',
  settings: {},
  secrets: ['authToken'],
  endpoints: [{ name: 'messages', purpose: 'A message comes in' }],
  capabilities: { events: ['message'], gaps: 'recoverable', blindSpots: ['Calls are not seen.'] },
};

describe('account add', () => {
  const routes = {
    'POST /v1/accounts': { status: 201, body: { id: 'a', name: 'desk', connector: 'twilio-sms', webhooks } },
    'GET /v1/connectors': page([connector]),
  };

  test('with --json prints exactly the id and the webhooks', async () => {
    await using api = await FakeApi.start(routes);
    const argv = ['account', 'add', 'twilio-sms', '--name', 'desk', '--set', 'accountSid=AC1', '--json'];
    const { exitCode, stdout, stderr } = await runCli(argv, api.environment);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(`${JSON.stringify({ id: 'a', webhooks })}\n`);
    expect(stderr).toBe('');
    expect(api.seen[0]?.body).toEqual({
      connector: 'twilio-sms',
      name: 'desk',
      settings: { accountSid: 'AC1' },
    });
  });

  test('reads settings: values with =, files, a literal @, lists', async () => {
    await using api = await FakeApi.start(routes);
    const file = join(await mkdtemp(join(tmpdir(), 'archway-cli-')), 'token');
    await writeFile(file, 'secret=with newline\n\n');
    const settings = [`token=@${file}`, 'padded=YWI==', 'handle=@@desk', 'empty=', 'numbers=a', 'numbers=b'];
    const argv = ['account', 'add', 'twilio-sms', ...settings.flatMap((each) => ['--set', each]), '--json'];
    expect((await runCli(argv, api.environment)).exitCode).toBe(0);
    expect(api.seen[0]?.body).toMatchObject({
      settings: {
        token: 'secret=with newline\n',
        padded: 'YWI==',
        handle: '@desk',
        empty: '',
        numbers: ['a', 'b'],
      },
    });
  });

  test('a file that is missing ends with 2 and names the setting', async () => {
    const { exitCode, stderr } = await runCli(['account', 'add', 'x', '--set', 'authToken=@/nowhere/token']);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/\/nowhere\/token.*authToken.*ENOENT/);
  });

  test('for people: each URL with its purpose, also for another instance', async () => {
    await using api = await FakeApi.start(routes);
    const argv = ['account', 'add', 'twilio-sms', '--instance', 'north'];
    const { stdout } = await runCli(argv, api.environment);
    expect(stdout).toContain(`messages: A message comes in\n    ${webhooks.messages}\n`);
    expect(stdout).toContain(webhooks.status);
    // The list of connectors belongs to the whole server and refuses an instance.
    expect(api.seen.map((request) => request.query.instance)).toEqual(['north', undefined]);
  });
});

test('account set without a change ends with 2, and asks nobody', async () => {
  await using api = await FakeApi.start({});
  const { exitCode, stderr } = await runCli(['account', 'set', 'desk'], api.environment);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining('Nothing is to be changed'),
  });
  expect(api.seen).toEqual([]);
});

test('account test ends with 6 when a check fails', async () => {
  const checks = [{ name: 'url', ok: false, detail: 'It is not https.', remedy: 'Use https.' }];
  await using api = await FakeApi.start({
    'POST /v1/accounts/my%20desk/test': { body: { ok: false, checks } },
  });
  const { exitCode, stdout } = await runCli(['account', 'test', 'my desk'], api.environment);
  expect(exitCode).toBe(6);
  expect(stdout).toMatch(/fail {2}url {2}It is not https\.\n.*→ Use https\./);
});

describe('messages', () => {
  const many = (request: { query: Record<string, string> }) => {
    const start = Number(request.query.cursor ?? 0);
    const size = Math.min(Number(request.query.limit), 4);
    const data = Array.from({ length: size }, (_, index) => messageOf(`message ${start + index}`));
    return page(data, start + size < 10 ? String(start + size) : null);
  };

  test('--json prints every message, one object a line, unknown members included', async () => {
    await using api = await FakeApi.start({
      'GET /v1/messages': ({ query }) =>
        query.cursor === undefined
          ? page([{ ...messageOf('one\ntwo'), later: 1 }], 'b')
          : page([messageOf(null)]),
    });
    const { stdout, stderr } = await runCli(['messages', '--json'], api.environment);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { ...messageOf('one\ntwo'), later: 1 },
      messageOf(null),
    ]);
    expect(stderr).toBe('');
  });

  test('--limit stops across pages and asks for no more than that', async () => {
    await using api = await FakeApi.start({ 'GET /v1/messages': many });
    const { stdout } = await runCli(['messages', '--json', '--limit', '6'], api.environment);
    expect(stdout.trimEnd().split('\n')).toHaveLength(6);
    expect(api.seen.map((request) => request.query.limit)).toEqual(['6', '2']);
  });

  test('filters travel as the API knows them', async () => {
    await using api = await FakeApi.start({ 'GET /v1/messages': page([]) });
    const filters = ['--since', '2026-11-23', '--until', '2026-11-24T10:00', '--account', 'desk'];
    const more = [
      '--direction',
      'inbound',
      '--address',
      '+12025550123',
      '--conversation',
      'c',
      '--instance',
      'i',
    ];
    const { exitCode, stdout } = await runCli(['messages', ...filters, ...more, '--json'], api.environment);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(api.seen[0]?.query).toEqual({
      limit: '500',
      since: '2026-11-23T00:00:00.000Z',
      until: '2026-11-24T10:00:00.000Z',
      account: 'desk',
      direction: 'inbound',
      address: '+12025550123',
      conversation: 'c',
      instance: 'i',
    });
  });

  test('what a client wrote cannot drive the terminal', async () => {
    const hostile = 'a\u001b[2Jb\u009b31mc\u202ed\ne';
    await using api = await FakeApi.start({ 'GET /v1/messages': page([messageOf(hostile)]) });
    const people = await runCli(['messages'], api.environment);
    for (const character of '\u001b\u009b\u202e') expect(people.stdout).not.toContain(character);
    expect(people.stdout.trimEnd().split('\n')).toHaveLength(2);
    const script = await runCli(['messages', '--json'], api.environment);
    for (const character of '\u001b\u009b') expect(script.stdout).not.toContain(character);
    expect(JSON.parse(script.stdout).text).toBe(hostile);
  });

  test('a list that leads in a circle ends', async () => {
    await using api = await FakeApi.start({ 'GET /v1/messages': page([messageOf('a')], 'same') });
    const { exitCode } = await runCli(['messages', '--json'], api.environment);
    expect(exitCode).toBe(1);
  });
});

test('message shows text, history and deliveries', async () => {
  const detail = {
    ...messageOf('Hello\nthere'),
    history: [
      { sequence: 7, id: 'h1', kind: 'receipt', recordedAt: '2026-11-23T09:31:00.000Z', status: 'delivered' },
    ],
    deliveries: [
      {
        sink: { id: 's', name: 'archive', type: 'filesystem' },
        state: 'delivered',
        attempts: 1,
        evidence: { locator: 'default/2026/1.json', sha256: 'f00d', storedAt: '2026-11-23T09:30:01.000Z' },
        failureKind: null,
        failure: null,
      },
    ],
  };
  await using api = await FakeApi.start({ 'GET /v1/messages/1': { body: detail } });
  const { stdout } = await runCli(['message', '1'], api.environment);
  for (const part of [
    '  Hello\n  there\n',
    'status delivered',
    'archive (filesystem)',
    'default/2026/1.json',
  ]) {
    expect(stdout).toContain(part);
  }
  const script = await runCli(['message', '1', '--json'], api.environment);
  expect(JSON.parse(script.stdout)).toEqual(detail);
});

test('a message that does not exist ends with 4', async () => {
  await using api = await FakeApi.start({});
  const { exitCode, stdout } = await runCli(['message', 'unknown', '--json'], api.environment);
  expect(exitCode).toBe(4);
  expect(stdout).toBe('');
});

test('records --json prints envelopes, also of erased content', async () => {
  const skeleton = {
    sequence: 1,
    id: 'r',
    kind: 'message',
    connector: 'twilio-sms',
    account: 'a',
    times: { recorded: '2026-11-23T09:30:00.000Z' },
  };
  const envelopes = [
    { skeleton, content: { kind: 'message' }, salt: 'c2FsdA==' },
    { skeleton, content: null, salt: null },
  ];
  await using api = await FakeApi.start({ 'GET /v1/records': page(envelopes) });
  const { stdout } = await runCli(['records', '--json', '--kind', 'message'], api.environment);
  expect(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual(envelopes);
  expect(api.seen[0]?.query).toEqual({ kind: 'message', limit: '500' });
});

describe('replay', () => {
  test.each(['dead-letters', 'quarantine'])('%s: all, or those named', async (family) => {
    await using api = await FakeApi.start({ [`POST /v1/${family}/replay`]: { body: { replayed: 1 } } });
    const all = await runCli([family, 'replay', '--json'], api.environment);
    expect(JSON.parse(all.stdout)).toEqual({ replayed: 1 });
    const some = await runCli([family, 'replay', 'x', 'y'], api.environment);
    expect(some.stdout).toMatch(/work: 1/);
    expect(some.stderr).toMatch(/Not all/);
    expect(api.seen.map((request) => request.body)).toEqual([{}, { ids: ['x', 'y'] }]);
  });
});

test('lists print a JSON array, and a sentence for people when they are empty', async () => {
  await using api = await FakeApi.start({
    'GET /v1/accounts': page([]),
    'GET /v1/sinks': page([]),
    'GET /v1/custodians': page([]),
    'GET /v1/connectors': page([]),
    'GET /v1/instances': page([]),
    'GET /v1/dead-letters': page([]),
    'GET /v1/quarantine': page([]),
  });
  const families = ['account', 'sink', 'custodian', 'connector', 'instance', 'dead-letters', 'quarantine'];
  for (const family of families) {
    const script = await runCli([family, 'list', '--json'], api.environment);
    expect(script).toEqual({ exitCode: 0, stdout: '[]\n', stderr: '' });
    const people = await runCli([family, 'list'], api.environment);
    expect(people.stdout).toBe('');
    expect(people.stderr).toMatch(/\w/);
  }
});
