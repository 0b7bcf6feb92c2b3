import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { messageEvent, startTestApi, type TestApi } from '../../../test/support/admin-api.js';
import { refuse } from '../../../test/support/test-plugins.js';
import { openAuditDetail } from '../../domain/audit.js';

let api: TestApi;
let desk: string;
let sink: string;

beforeAll(async () => {
  api = await startTestApi({ spoolWaiting: () => true });
  const settings = { token: 'hush-hush', numbers: '+12025550100' };
  const account = { connector: 'test-chat', name: 'desk', settings };
  desk = (await api.call('POST', '/v1/accounts', { body: account })).body.id;
  const shelf = { type: 'shelf', name: 'archive', settings: { shelf: 'aside' } };
  sink = (await api.call('POST', '/v1/sinks', { body: shelf })).body.id;
});
afterAll(() => api?.close());

const quarantine = async (query = '') => (await api.call('GET', `/v1/quarantine${query}`)).body;
const deadLetters = async (query = '') => (await api.call('GET', `/v1/dead-letters${query}`)).body;
const lastAudit = async (action: string) => {
  const [row] = await api.database
    .sql`select action, subject, sealed_detail as "sealedDetail" from audit_trail
    where action = ${action} order by position desc limit 1`;
  return openAuditDetail(api.tenant.vault, row as never);
};

describe('quarantine', () => {
  it('lists what could not be read, says why and what to do', async () => {
    const broken = await api.capture(api.tenant, desk, 'this is no JSON');
    const invalid = await api.capture(api.tenant, desk, { events: [messageEvent('bad', { to: 'nobody' })] });
    await api.record(api.tenant);
    const { data } = await quarantine();
    expect(data).toMatchObject([
      { id: broken, account: desk, endpoint: 'messages', attempts: 1, reason: 'parser-error' },
      { id: invalid, reason: 'invalid-events' },
    ]);
    expect(data[0].detail).toContain('SyntaxError');
    expect(data[0].explanation).toContain('replay');
    const first = await quarantine('?limit=1');
    expect((await quarantine(`?limit=1&cursor=${first.next}`)).data[0].id).toBe(invalid);
  });

  it('is replayed by id, or as a whole, and notes who did it', async () => {
    const [broken, invalid] = (await quarantine()).data;
    const none = await api.call('POST', '/v1/quarantine/replay', { body: { ids: [] } });
    expect(none.body).toEqual({ replayed: 0 });
    const one = await api.call('POST', '/v1/quarantine/replay', { body: { ids: [broken.id] } });
    expect(one.body).toEqual({ replayed: 1 });
    expect(await lastAudit('quarantine.replay')).toEqual({ ids: [broken.id], replayed: 1 });
    expect((await api.call('GET', '/v1/status')).body.captures).toEqual({ pending: 1, quarantined: 1 });
    const rest = await api.call('POST', '/v1/quarantine/replay');
    expect(rest.body).toEqual({ replayed: 1 });
    expect(await lastAudit('quarantine.replay')).toEqual({ ids: 'all', replayed: 1 });
    await api.record(api.tenant);
    expect((await quarantine()).data.map(({ id }: { id: string }) => id)).toEqual([broken.id, invalid.id]);
  });

  it('of another instance is out of reach', async () => {
    await api.call('POST', '/v1/instances', { body: { name: 'other' } });
    const ids = (await quarantine()).data.map(({ id }: { id: string }) => id);
    const { body } = await api.call('POST', '/v1/quarantine/replay?instance=other', { body: { ids } });
    expect(body).toEqual({ replayed: 0 });
    expect((await quarantine('?instance=other')).data).toEqual([]);
  });
});

describe('dead letters', () => {
  it('list what a sink refused, say why and what to do', async () => {
    await api.deliver(api.tenant, sink);
    await api.capture(api.tenant, desk, { events: [messageEvent('m1')] });
    await api.record(api.tenant);
    refuse('aside', true);
    await api.deliver(api.tenant, sink);
    const { data, next } = await deadLetters();
    const [message] = (await api.call('GET', '/v1/messages')).body.data;
    expect(data).toMatchObject([
      {
        sink,
        record: message.id,
        attempts: 1,
        failureKind: 'rejected',
        failure: 'The shelf will not have it.',
      },
    ]);
    expect(data[0].explanation).toContain('replay the dead letter');
    expect(next).toBeNull();
    expect((await api.call('GET', '/v1/sinks/archive')).body).toMatchObject({ waiting: 0, dead: 1 });
    const { deliveries } = (await api.call('GET', `/v1/messages/${message.id}`)).body;
    expect(deliveries).toMatchObject([{ state: 'dead', failureKind: 'rejected', evidence: null }]);
  });

  it('are delivered after a replay, once the cause is mended', async () => {
    const [{ id }] = (await deadLetters()).data;
    refuse('aside', false);
    const { body } = await api.call('POST', '/v1/dead-letters/replay', { body: { ids: [id] } });
    expect(body).toEqual({ replayed: 1 });
    expect(await lastAudit('dead-letters.replay')).toEqual({ ids: [id], replayed: 1 });
    await api.deliver(api.tenant, sink);
    expect((await deadLetters()).data).toEqual([]);
    expect((await api.call('POST', '/v1/dead-letters/replay')).body).toEqual({ replayed: 0 });
  });

  it('are dead again after a replay while the cause stands', async () => {
    await api.capture(api.tenant, desk, { events: [messageEvent('m2')] });
    await api.record(api.tenant);
    refuse('aside', true);
    await api.deliver(api.tenant, sink);
    await api.call('POST', '/v1/dead-letters/replay');
    await api.deliver(api.tenant, sink);
    expect((await deadLetters()).data).toMatchObject([{ attempts: 1, failureKind: 'rejected' }]);
    refuse('aside', false);
  });
});

describe('the status', () => {
  it('counts what waits, what is done and what ended without success', async () => {
    const orphan = { kind: 'receipt', key: 'r9', about: 'never-seen', channel: 'sms', status: 'sent' };
    await api.capture(api.tenant, desk, { events: [orphan] });
    await api.record(api.tenant);
    const { body } = await api.call('GET', '/v1/status');
    const { data } = (await api.call('GET', '/v1/records')).body;
    expect(body).toMatchObject({
      records: data.length,
      messages: 2,
      captures: { pending: 0, quarantined: 2 },
      deliveries: { pending: 1, delivered: data.length - 2, dead: 1 },
      parkedReceipts: 1,
      unassignedOwnAddresses: 1,
      spool: { waiting: true },
      sinks: [{ id: sink, name: 'archive', trouble: null }],
    });
  });

  it('of an empty instance is all zeros', async () => {
    const { body } = await api.call('GET', '/v1/status?instance=other');
    expect(body).toMatchObject({
      records: 0,
      messages: 0,
      deliveries: { pending: 0, delivered: 0, dead: 0 },
      sinks: [],
    });
  });
});
