import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { shelves } from '../../../test/support/test-plugins.js';
import { openAlert } from '../../domain/alerts.js';
import { openAuditDetail } from '../../domain/audit.js';

let api: TestApi;
/** What takes over the settings. */
let refreshing: () => Promise<void> = () => api.directory.refresh();
beforeAll(async () => {
  api = await startTestApi({ refresh: () => refreshing() });
  const body = { type: 'shelf', name: 'archive', settings: { shelf: 'first', password: 'open sesame' } };
  await api.call('POST', '/v1/sinks', { body });
});
afterAll(() => api?.close());

async function lastAct(): Promise<{ action: string; detail: unknown }> {
  const [row] = await api.database.sql`
    select action, subject, sealed_detail as "sealedDetail" from audit_trail order by position desc limit 1`;
  const detail = row!.sealedDetail === null ? null : openAuditDetail(api.tenant.vault, row as never);
  return { action: row!.action, detail };
}

describe('the pause of an operator', () => {
  it('lasts until it is resumed, and is in the audit trail', async () => {
    const { body: paused } = await api.call('POST', '/v1/sinks/archive/pause');
    expect(paused).toMatchObject({ state: 'paused', pausedAt: expect.any(String), trouble: null });
    expect(await lastAct()).toEqual({ action: 'sink.pause', detail: null });
    expect((await api.call('POST', '/v1/sinks/archive/pause')).body.pausedAt).toBe(paused.pausedAt);
    expect((await api.call('GET', '/v1/status')).body.sinks).toMatchObject([{ state: 'paused' }]);
    const { body: resumed } = await api.call('POST', '/v1/sinks/archive/resume');
    expect(resumed).toMatchObject({ state: 'open', pausedAt: null });
    expect(await lastAct()).toEqual({ action: 'sink.resume', detail: null });
    expect((await api.call('POST', '/v1/sinks/nowhere/pause')).status).toBe(404);
  });

  it('is not the one that follows a failure; to resume ends that at once and keeps the failure in view', async () => {
    await api.database.sql`update sinks set pauses = 3, failing_since = now() - interval '1 hour',
      paused_until = now() + interval '5 minutes', failure_kind = 'unavailable', failure = 'No answer.'`;
    const { body: down } = await api.call('GET', '/v1/sinks/archive');
    expect(down).toMatchObject({ state: 'down', pausedAt: null, trouble: { kind: 'unavailable' } });
    expect(Date.parse(down.trouble.since)).toBeLessThan(Date.now() - 3_500_000);
    const { body: resumed } = await api.call('POST', '/v1/sinks/archive/resume');
    expect(resumed).toMatchObject({ state: 'down', trouble: { since: down.trouble.since } });
    expect(Date.parse(resumed.trouble.pausedUntil)).toBeLessThan(Date.parse(down.trouble.pausedUntil));
    await api.database.sql`update sinks set pauses = 0, failing_since = null, paused_until = null,
      failure_kind = null, failure = null`;
  });
});

describe('a change of a sink', () => {
  const change = (body: unknown) => api.call('PATCH', '/v1/sinks/archive', { body });

  it('keeps what is not named, and its names are in the audit trail without a value', async () => {
    const { status, body } = await change({ settings: { shelf: 'second' } });
    expect(status).toBe(200);
    expect(body).toMatchObject({ name: 'archive', settings: { shelf: 'second', password: '••••' } });
    expect(await lastAct()).toEqual({ action: 'sink.change', detail: { changed: ['shelf'] } });
    expect((await change({ settings: { password: null } })).body.settings).toEqual({ shelf: 'second' });
    expect((await change({ name: 'renamed' })).body.name).toBe('renamed');
    await api.call('PATCH', '/v1/sinks/renamed', { body: { name: 'archive' } });
  });

  it('ends a pause that followed a failure when the new settings are in use, and not before', async () => {
    await api.database.sql`update sinks set paused_until = now() + interval '5 minutes'`;
    const isPaused = async () =>
      (await api.database.sql`select 1 from sinks where paused_until > now()`).length > 0;
    const seen: boolean[] = [];
    refreshing = async () => {
      seen.push(await isPaused());
      await api.directory.refresh();
    };
    await change({ settings: { shelf: 'second' } });
    refreshing = () => api.directory.refresh();
    expect([...seen, await isPaused()]).toEqual([true, false]);
    await api.database.sql`update sinks set paused_until = null`;
  });

  it('that does not open, or does not fit, is refused with its reason, and the old settings stay', async () => {
    const refused = await change({ settings: { shelf: 'missing' } });
    expect(refused.status).toBe(400);
    expect(refused.body.detail).toContain('There is no such shelf.');
    expect((await change({ settings: { shelf: null } })).body.errors).toEqual(['shelf is missing']);
    expect((await change({ settings: { colour: 'red' } })).status).toBe(400);
    expect((await api.call('GET', '/v1/sinks/archive')).body.settings).toEqual({ shelf: 'second' });
  });

  it('of the filter takes the place of the whole one', async () => {
    const given = { kinds: ['message'], connectors: ['test-chat'] };
    expect((await change({ filter: given })).body.filter).toEqual(given);
    expect((await change({ filter: { kinds: ['receipt'] } })).body.filter).toEqual({ kinds: ['receipt'] });
    expect((await change({ settings: { shelf: 'second' } })).body.filter).toEqual({ kinds: ['receipt'] });
    expect((await change({ filter: null })).body.filter).toBeNull();
  });
});

describe('a filter', () => {
  it('names custodians by id or name, and is refused with one sentence for each that is not there', async () => {
    const person = { name: 'Grace', addresses: ['+12025550105'] };
    const { body: grace } = await api.call('POST', '/v1/custodians', { body: person });
    const add = (filter: unknown) =>
      api.call('POST', '/v1/sinks', {
        body: { type: 'shelf', name: 'some', settings: { shelf: 's' }, filter },
      });
    expect((await add({ custodians: ['Grace'] })).body.filter).toEqual({ custodians: [grace.id] });
    const { status, body } = await add({ custodians: ['Nobody'], kinds: ['massage'], connectors: ['smoke'] });
    expect(status).toBe(400);
    expect(body.errors).toHaveLength(3);
    expect((await add({ colour: ['red'] })).status).toBe(400);
  });
});

describe('the figures of a sink', () => {
  it('tell what it took, what waits and for how long, and what its filter left out', async () => {
    const settings = { token: 't', numbers: '+12025550100' };
    const account = { connector: 'test-chat', name: 'desk', settings };
    const { body: desk } = await api.call('POST', '/v1/accounts', { body: account });
    await api.capture(api.tenant, desk.id, { events: [messageEvent('m1'), messageEvent('m2')] });
    await api.record(api.tenant);
    const { body: before } = await api.call('GET', '/v1/sinks/archive');
    expect(before).toMatchObject({ waiting: 2, delivered: 0, failed: 0, leftOut: 0 });
    await api.deliver(api.tenant, before.id);
    const { body: after } = await api.call('GET', '/v1/sinks/archive');
    expect(after).toMatchObject({ waiting: 0, lagSeconds: 0, delivered: 2, dead: 0 });
    expect(after.deliveredPerMinute).toBeGreaterThan(0);
    expect(shelves.get('second')?.size).toBe(2);
    expect((await api.call('GET', '/v1/sinks/some')).body).toMatchObject({ waiting: 0, leftOut: 2 });
    expect((await api.call('GET', '/v1/status')).body).toMatchObject({
      unmatched: 0,
      deliveries: { pending: 0, delivered: 2, dead: 0 },
    });
  });
});

describe('alerts', () => {
  it('are listed while they are open, with what to do, and with all on request', async () => {
    const { body: sink } = await api.call('GET', '/v1/sinks/archive');
    expect((await api.call('GET', '/v1/alerts')).body).toEqual({ data: [], next: null });
    const detail = 'Nothing gets through.';
    const condition = { reason: 'sink-down', subject: sink.id, detail, since: new Date() } as const;
    const alert = await openAlert(api.database, api.tenant, condition);
    expect(await openAlert(api.database, api.tenant, condition)).toBeUndefined();
    const { body } = await api.call('GET', '/v1/alerts');
    expect(body.data).toMatchObject([
      { id: alert!.id, reason: 'sink-down', subject: sink.id, closedAt: null },
    ]);
    expect(body.data[0].explanation).toContain('archway sink show');
    await api.database.sql`update alerts set closed_at = now()`;
    expect((await api.call('GET', '/v1/alerts')).body.data).toEqual([]);
    expect((await api.call('GET', '/v1/alerts?state=all')).body.data).toMatchObject([{ id: alert!.id }]);
    expect((await api.call('GET', '/v1/alerts?state=shut')).status).toBe(400);
  });

  it('of silence follow what is expected of an account', async () => {
    const change = (body: unknown) => api.call('PATCH', '/v1/accounts/desk', { body });
    expect((await change({ expectEveryMinutes: 90 })).body).toMatchObject({ expectEveryMinutes: 90 });
    expect((await change({ settings: {} })).body.expectEveryMinutes).toBe(90);
    expect((await change({ expectEveryMinutes: null })).body.expectEveryMinutes).toBeNull();
    expect((await change({ expectEveryMinutes: 0 })).status).toBe(400);
  });
});
