import { describe, expect, it } from 'vitest';
import { exitCodes } from './exit-codes.js';
import { FakeApi, problem, runCli } from './testing.js';

const requested = { id: '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f', account: 'a', state: 'requested' };
const options = ['--account', 'desk', '--to', '+12025550123', '--text', 'Done.', '--key', 'order-7'];

describe('archway send', () => {
  it('asks for one message and says where it stands', async () => {
    await using api = await FakeApi.start({ 'POST /v1/messages': { status: 202, body: requested } });
    const ran = await runCli(['send', ...options], api.environment);
    expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(requested.id) });
    const body = { account: 'desk', to: '+12025550123', text: 'Done.', idempotencyKey: 'order-7' };
    expect(api.seen.map((seen) => seen.body)).toEqual([body]);
  });

  it('gives a script the answer', async () => {
    await using api = await FakeApi.start({ 'POST /v1/messages': { status: 202, body: requested } });
    const { stdout } = await runCli(['send', ...options, '--json'], api.environment);
    expect(JSON.parse(stdout)).toEqual(requested);
  });

  it.each([
    [404, exitCodes.notFound],
    [409, exitCodes.failed],
    [422, exitCodes.failed],
  ])('says why it was refused with %i', async (status, exitCode) => {
    await using api = await FakeApi.start({ 'POST /v1/messages': problem(status, 'The reason why.') });
    const ran = await runCli(['send', ...options], api.environment);
    expect(ran).toMatchObject({ exitCode, stderr: 'The reason why.\n' });
  });

  it('needs a key', async () => {
    const { exitCode, stderr } = await runCli(['send', ...options.slice(0, -2)]);
    expect({ exitCode, stderr }).toEqual({
      exitCode: exitCodes.usage,
      stderr: expect.stringContaining('--key'),
    });
  });
});
