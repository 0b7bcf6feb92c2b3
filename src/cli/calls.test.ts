import { describe, expect, it } from 'vitest';
import { exitCodes } from './exit-codes.js';
import { FakeApi, page, problem, runCli } from './testing.js';

const id = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const call = {
  ...{ id, direction: 'inbound', connector: 'acme', account: 'a', conversation: 'c' },
  ...{ from: '+12025550123', to: '+12025550100', forwardedTo: ['+12025550145'], forwardedFrom: null },
  ...{ outcome: 'answered', startedAt: '2026-11-23T09:30:00.000Z', answeredAt: null, endedAt: null },
  ...{ ringSeconds: 11, talkSeconds: 50, routing: { sipCode: '200' } },
  recordings: [{ id: 'r', state: 'stored', durationSeconds: 50, channels: 2 }],
  ...{ custodian: { id: 'p', name: 'Ada' }, contact: null },
};
const detail = {
  ...call,
  legs: [
    {
      ...{ from: '+12025550123', to: ['+12025550145'], status: 'completed' },
      ...{ startedAt: null, answeredAt: null, endedAt: null },
    },
  ],
  history: [{ sequence: 7, id, kind: 'call', recordedAt: '2026-11-23T09:30:01.000Z', status: 'ringing' }],
};

describe('archway calls', () => {
  it('lists calls by what was asked for', async () => {
    await using api = await FakeApi.start({ 'GET /v1/calls': page([call]) });
    const filters = ['--outcome', 'answered', '--connector', 'acme', '--newest'];
    const { stdout } = await runCli(['calls', ...filters], api.environment);
    expect(stdout).toMatch(/\+12025550123\s+\+12025550100\s+answered\s+11\s+50\s+1/);
    expect(api.seen[0]?.query).toMatchObject({ outcome: 'answered', connector: 'acme', order: 'newest' });
    const { stdout: json } = await runCli(['calls', '--json'], api.environment);
    expect(JSON.parse(json)).toEqual(call);
  });

  it('says so when there is none', async () => {
    await using api = await FakeApi.start({ 'GET /v1/calls': page([]) });
    expect((await runCli(['calls'], api.environment)).stderr).toContain('no such calls');
  });

  it('shows one call with its legs and its history', async () => {
    await using api = await FakeApi.start({ [`GET /v1/calls/${id}`]: { status: 200, body: detail } });
    const { stdout } = await runCli(['calls', id], api.environment);
    for (const part of ['sipCode 200', '50 s, 2 channels  stored', 'completed', 'status ringing', 'Ada'])
      expect(stdout).toContain(part);
    const { stdout: json } = await runCli(['calls', id, '--json'], api.environment);
    expect(JSON.parse(json)).toEqual(detail);
  });
});

describe('archway call', () => {
  const requested = { id, account: 'a', state: 'requested' };
  const options = ['--account', 'desk', '--to', '+12025550123', '--key', 'call-7'];

  it('asks for one call and says where it stands', async () => {
    await using api = await FakeApi.start({ 'POST /v1/calls': { status: 202, body: requested } });
    const ran = await runCli(['call', ...options, '--ring', '+12025550145'], api.environment);
    expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`archway calls ${id}`) });
    const body = { account: 'desk', to: '+12025550123', ring: '+12025550145', idempotencyKey: 'call-7' };
    expect(api.seen.map((seen) => seen.body)).toEqual([body]);
    const { stdout } = await runCli(['call', ...options, '--json'], api.environment);
    expect(JSON.parse(stdout)).toEqual(requested);
  });

  it('says why it was refused', async () => {
    await using api = await FakeApi.start({ 'POST /v1/calls': problem(400, 'It cannot make calls.') });
    const { exitCode, stderr } = await runCli(['call', ...options], api.environment);
    expect({ exitCode, stderr }).toEqual({ exitCode: exitCodes.failed, stderr: 'It cannot make calls.\n' });
  });
});
