import { describe, expect, test } from 'vitest';
import { FakeApi, page, problem, runCli } from './testing.js';

const window = {
  id: 'r1',
  account: 'a1',
  cause: 'start',
  since: '2026-11-23T08:00:00.000Z',
  until: '2026-11-23T09:00:00.000Z',
  state: 'done',
  observed: 42,
  recorded: 1,
  missing: 40,
  late: 1,
  failure: null,
  dueAt: '2026-11-23T09:00:00.000Z',
};

describe('reconciliations', () => {
  test('shows what was observed, recorded, missing and late, and why a window fails', async () => {
    const failed = { ...window, id: 'r2', state: 'pending', failure: 'Twilio answered 503.' };
    await using api = await FakeApi.start({ 'GET /v1/reconciliations': page([window, failed]) });
    const { exitCode, stdout } = await runCli(['reconciliations'], api.environment);
    expect(exitCode).toBe(0);
    const [headings, first, second] = stdout.trimEnd().split('\n');
    expect(headings?.split(/ {2,}/)).toEqual(
      expect.arrayContaining(['OBSERVED', 'RECORDED', 'MISSING', 'LATE', 'FAILURE']),
    );
    expect(first?.split(/ +/)).toEqual(expect.arrayContaining(['start', 'done', '42', '1', '40']));
    expect(second).toContain('Twilio answered 503.');
    const json = await runCli(['reconciliations', '--json'], api.environment);
    expect(
      json.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([window, failed]);
  });

  test('says so when there were none', async () => {
    await using api = await FakeApi.start({ 'GET /v1/reconciliations': page([]) });
    const { exitCode, stdout, stderr } = await runCli(['reconciliations'], api.environment);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toContain('Nothing was compared');
  });
});

describe('account reconcile', () => {
  const since = '2026-11-23T08:00:00Z';
  const argv = ['account', 'reconcile', 'front desk', '--since', since];

  test('asks for the window and says where to look', async () => {
    await using api = await FakeApi.start({
      'POST /v1/accounts/front%20desk/reconcile': { status: 202, body: { ...window, state: 'pending' } },
    });
    const { exitCode, stdout } = await runCli(argv, api.environment);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`${window.since} to ${window.until}`);
    expect(stdout).toContain('archway reconciliations');
    await runCli([...argv, '--until', '2026-11-23T09:00:00Z'], api.environment);
    expect(api.seen.map(({ body }) => body)).toEqual([
      { since: expect.stringContaining('2026-11-23T08:00:00') },
      { since: expect.any(String), until: expect.stringContaining('2026-11-23T09:00:00') },
    ]);
  });

  test('tells why the server refused, and what a time looks like', async () => {
    await using api = await FakeApi.start({
      'POST /v1/accounts/front%20desk/reconcile': problem(409, 'This connector cannot list.'),
    });
    const { exitCode, stderr } = await runCli(argv, api.environment);
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('This connector cannot list.');
    expect((await runCli([...argv, '--until', 'noon'], api.environment)).exitCode).toBe(2);
    expect((await runCli(argv.slice(0, 3), api.environment)).exitCode).toBe(2);
  });
});
