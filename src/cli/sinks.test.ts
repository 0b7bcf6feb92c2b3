import { describe, expect, test } from 'vitest';
import { FakeApi, page, problem, runCli } from './testing.js';

const idleSink = {
  filter: null,
  state: 'open',
  pausedAt: null,
  trouble: null,
  waiting: 0,
  lagSeconds: 0,
  held: null,
  delivered: 3,
  deliveredPerMinute: 0,
  failed: 0,
  failedPerMinute: 0,
  dead: 0,
  leftOut: 0,
};

describe('sink', () => {
  const sink = { id: 's', name: 'archive', type: 'filesystem', settings: { directory: '/srv' }, ...idleSink };
  const shown = { ...sink, guarantees: { inspectable: true } };

  test('add and set send a filter, and nothing that was not given', async () => {
    await using api = await FakeApi.start({
      'POST /v1/sinks': { status: 201, body: shown },
      'PATCH /v1/sinks/archive': { body: shown },
    });
    const only = ['--only-kind', 'message,edit', '--only-kind', 'receipt', '--only-connector', 'twilio-sms'];
    const add = ['sink', 'add', 'filesystem', ...only, '--only-custodian', 'Ada Broker'];
    expect((await runCli(add, api.environment)).exitCode).toBe(0);
    const set = (...options: string[]) => runCli(['sink', 'set', 'archive', ...options], api.environment);
    await set('--set', 'directory=/new', '--set', 'group=');
    await set('--take-all');
    await set('--only-kind', 'call');
    expect(api.seen.map(({ body }) => body)).toEqual([
      {
        type: 'filesystem',
        name: 'filesystem',
        settings: {},
        filter: {
          connectors: ['twilio-sms'],
          custodians: ['Ada Broker'],
          kinds: ['message', 'edit', 'receipt'],
        },
      },
      { settings: { directory: '/new', group: null } },
      { filter: null },
      { filter: { kinds: ['call'] } },
    ]);
    for (const options of [[], ['--take-all', '--only-kind', 'call'], ['--only-kind', 'a,,b']]) {
      expect((await set(...options)).exitCode).toBe(2);
    }
  });

  test('show and list say what is wrong, since when, and what a filter leaves out', async () => {
    const trouble = {
      kind: 'unavailable',
      message: 'No answer.',
      explanation: 'bring it back',
      since: '2026-11-23T09:30:00.000Z',
      pausedUntil: '2026-11-23T10:30:00.000Z',
    };
    const filter = { kinds: ['message'] };
    const figures = { waiting: 7, lagSeconds: 3_725, deliveredPerMinute: 1.5, leftOut: 9 };
    const down = { ...shown, state: 'down', trouble, filter, ...figures };
    await using api = await FakeApi.start({
      'GET /v1/sinks': page([down]),
      'GET /v1/sinks/archive': { body: down },
    });
    const { stdout: list } = await runCli(['sink', 'list'], api.environment);
    expect(list).toMatch(/down .* 1\.5 .* 7 .* 1h 2m .* 9 .* No answer\./);
    for (const name of ['show', 'status']) {
      const { stdout } = await runCli(['sink', name, 'archive'], api.environment);
      for (const part of [
        'of the kinds message; 9 were left out',
        'since 2026-11-23T09',
        'next try at',
        '1h 2m',
      ]) {
        expect(stdout).toContain(part);
      }
    }
  });

  test('show names the record that holds up others, while the sink is up', async () => {
    const held = { record: 'r-7', kind: 'unavailable', message: 'It answered 500.', explanation: 'wait' };
    const holding = { ...shown, waiting: 2, lagSeconds: 7_200, held };
    await using api = await FakeApi.start({ 'GET /v1/sinks/archive': { body: holding } });
    const { stdout } = await runCli(['sink', 'show', 'archive'], api.environment);
    expect(stdout).toContain('held       record r-7 (unavailable: It answered 500.)');
  });

  test('pause and resume', async () => {
    await using api = await FakeApi.start({
      'POST /v1/sinks/archive/pause': { body: { ...shown, state: 'paused' } },
      'POST /v1/sinks/archive/resume': { body: shown },
    });
    expect((await runCli(['sink', 'pause', 'archive'], api.environment)).stdout).toContain(
      'Paused sink archive',
    );
    expect((await runCli(['sink', 'resume', 'archive'], api.environment)).stdout).toContain('Resumed');
  });
});

describe('sink inspect', () => {
  const sink = (id: string, inspectable: boolean) => ({
    id,
    name: id,
    type: 'filesystem',
    settings: {},
    guarantees: { immutable: false, dedupes: true, inspectable },
    ...idleSink,
  });
  const item = (record: string, result: string) => ({
    record,
    delivery: 'd',
    locator: `at/${record}`,
    result,
  });

  test('inspects every page of every sink that can be inspected', async () => {
    await using api = await FakeApi.start({
      'GET /v1/sinks': page([sink('archive', true), sink('mail', false)]),
      'POST /v1/sinks/archive/inspect': ({ query }) =>
        query.cursor === undefined ? page([item('r1', 'intact')], 'next') : page([item('r2', 'intact')]),
    });
    const { exitCode, stdout, stderr } = await runCli(['sink', 'inspect'], api.environment);
    expect(exitCode).toBe(0);
    expect(stdout).toBe('2 intact, 0 altered, 0 missing\n');
    expect(stderr).toMatch(/mail.*left out/);
  });

  test('ends with 6 and lists what is altered or missing', async () => {
    const found = page([item('r1', 'intact'), item('r2', 'altered'), item('r3', 'missing')]);
    await using api = await FakeApi.start({ 'POST /v1/sinks/archive/inspect': found });
    const people = await runCli(['sink', 'inspect', 'archive'], api.environment);
    expect(people.exitCode).toBe(6);
    expect(people.stdout).toMatch(
      /altered {2}at\/r2.*\nmissing {2}at\/r3.*\n1 intact, 1 altered, 1 missing\n/,
    );
    const script = await runCli(['sink', 'inspect', 'archive', '--json'], api.environment);
    expect(script.exitCode).toBe(6);
    expect(JSON.parse(script.stdout)).toMatchObject({
      intact: 1,
      altered: 1,
      missing: 1,
      findings: [
        { record: 'r2', result: 'altered' },
        { record: 'r3', result: 'missing' },
      ],
    });
    expect(script.stderr).toBe('');
  });

  test('a sink that cannot be inspected is an error when it was named', async () => {
    await using api = await FakeApi.start({
      'POST /v1/sinks/mail/inspect': problem(409, 'Not inspectable.'),
    });
    expect((await runCli(['sink', 'inspect', 'mail'], api.environment)).exitCode).toBe(1);
  });
});
