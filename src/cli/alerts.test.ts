import { describe, expect, test } from 'vitest';
import { FakeApi, page, runCli } from './testing.js';

describe('alerts', () => {
  const alert = {
    id: 'a',
    reason: 'sink-down',
    subject: 's',
    detail: 'Nothing gets through.',
    explanation: 'mend it',
    openedAt: '2026-11-23T09:30:00.000Z',
    closedAt: null,
  };

  test('are those that are open, with what to do, or all', async () => {
    await using api = await FakeApi.start({ 'GET /v1/alerts': page([alert]) });
    const { stdout } = await runCli(['alerts'], api.environment);
    expect(stdout).toMatch(/sink-down\n {2}Nothing gets through\.\n {2}→ mend it\n/);
    const { stdout: all } = await runCli(['alerts', '--all', '--json'], api.environment);
    expect(JSON.parse(all)).toEqual([alert]);
    expect(api.seen.map(({ query }) => query.state)).toEqual(['open', 'all']);
  });

  test('of silence are asked for by account', async () => {
    const desk = { id: 'a', name: 'desk', connector: 'c', settings: {}, ownAddresses: [], webhooks: {} };
    await using api = await FakeApi.start({ 'PATCH /v1/accounts/desk': { body: desk } });
    const set = (every: string) =>
      runCli(['account', 'set', 'desk', '--expect-every', every], api.environment);
    expect((await set('24h')).exitCode).toBe(0);
    expect((await set('never')).exitCode).toBe(0);
    expect(api.seen.map(({ body }) => body)).toEqual([
      { settings: {}, expectEveryMinutes: 1_440 },
      { settings: {}, expectEveryMinutes: null },
    ]);
    expect((await set('soon')).exitCode).toBe(2);
  });
});
