import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exitCodes } from './exit-codes.js';
import { FakeApi, page, problem, runCli, type SeenRequest } from './testing.js';

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

  it.each([
    ['👍', '👍'],
    ['', null],
  ])('asks for a reaction, or takes it back: %j', async (typed, emoji) => {
    await using api = await FakeApi.start({ 'POST /v1/messages': { status: 202, body: requested } });
    const target = ['--account', 'desk', '--to', '+12025550123', '--key', 'order-7'];
    const ran = await runCli(['send', ...target, '--react-to', 'M1', '--emoji', typed], api.environment);
    expect(ran).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('outbound show') });
    const reaction = { to: 'M1', emoji };
    const body = { account: 'desk', to: '+12025550123', idempotencyKey: 'order-7', reaction };
    expect(api.seen.map((seen) => seen.body)).toEqual([body]);
  });

  it('takes no reaction without a message to react to', async () => {
    const { exitCode, stderr } = await runCli(['send', ...options, '--emoji', '👍']);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: exitCodes.usage });
    expect(stderr).toContain('--react-to');
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

describe('archway send --media', () => {
  const routes = {
    'POST /v1/media': (request: SeenRequest) => ({
      status: 201,
      body: { id: `upload of ${request.query.name}` },
    }),
    'POST /v1/messages': { status: 202, body: requested },
  };
  const withoutText = ['--account', 'desk', '--to', '+12025550123', '--key', 'order-7'];
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'archway-send-'));
    await writeFile(join(folder, 'chart.png'), 'a picture');
    await writeFile(join(folder, 'Terms.PDF'), 'a document');
    await writeFile(join(folder, 'notes.xyz'), 'of a kind that nobody knows');
    await writeFile(join(folder, 'empty.png'), '');
    await writeFile(join(folder, 'huge.mp4'), '');
    await truncate(join(folder, 'huge.mp4'), 16 * 1024 * 1024 + 1);
    await mkdir(join(folder, 'folder.png'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const media = (...names: string[]) => names.flatMap((name) => ['--media', join(folder, name)]);

  it('brings the files in, in their order, and sends them along', async () => {
    await using api = await FakeApi.start(routes);
    const { exitCode } = await runCli(
      ['send', ...withoutText, ...media('Terms.PDF', 'chart.png')],
      api.environment,
    );
    expect(exitCode).toBe(0);
    expect(api.seen.map(({ path, contentType, body }) => ({ path, contentType, body }))).toEqual([
      { path: '/v1/media', contentType: 'application/pdf', body: 'a document' },
      { path: '/v1/media', contentType: 'image/png', body: 'a picture' },
      {
        path: '/v1/messages',
        contentType: 'application/json',
        body: {
          account: 'desk',
          to: '+12025550123',
          idempotencyKey: 'order-7',
          media: [{ id: 'upload of Terms.PDF' }, { id: 'upload of chart.png' }],
        },
      },
    ]);
  });

  it.each([
    ['is not there', 'nothing.png', exitCodes.failed, 'ENOENT'],
    ['is a folder', 'folder.png', exitCodes.failed, 'is no file'],
    ['is empty', 'empty.png', exitCodes.failed, 'is empty'],
    ['is too large', 'huge.mp4', exitCodes.failed, 'larger than 16 MB'],
    ['has a name that says nothing', 'notes.xyz', exitCodes.usage, '.png'],
  ])('sends nothing of all when a file %s', async (_, name, exitCode, words) => {
    await using api = await FakeApi.start(routes);
    const ran = await runCli(['send', ...withoutText, ...media('chart.png', name)], api.environment);
    expect(ran).toMatchObject({ exitCode, stderr: expect.stringContaining(words) });
    expect(api.seen).toEqual([]);
  });

  it('says what the server has against a file, and asks for no message', async () => {
    const refused = { ...routes, 'POST /v1/media': problem(413, 'The file is too large here.') };
    await using api = await FakeApi.start(refused);
    const ran = await runCli(['send', ...withoutText, ...media('chart.png')], api.environment);
    expect(ran).toMatchObject({ exitCode: exitCodes.failed, stderr: 'The file is too large here.\n' });
    expect(api.seen.map(({ path }) => path)).toEqual(['/v1/media']);
  });

  it('needs a text where there is no file', async () => {
    const ran = await runCli(['send', ...withoutText]);
    expect(ran).toMatchObject({ exitCode: exitCodes.usage, stderr: expect.stringContaining('--media') });
  });
});

describe('archway outbound', () => {
  const lost = {
    id: requested.id,
    account: 'a',
    to: '+12025550123',
    state: 'indeterminate',
    attempts: 1,
    createdAt: '2026-11-23T09:30:00.000Z',
    changedAt: '2026-11-23T09:30:02.000Z',
    reason: 'indeterminate',
    explanation: 'The line broke.',
  };
  const path = `/v1/outbound/${lost.id}`;

  it('lists those of a state', async () => {
    await using api = await FakeApi.start({ 'GET /v1/outbound': page([lost]) });
    const { stdout } = await runCli(['outbound', 'list', '--state', 'indeterminate'], api.environment);
    expect(stdout).toContain(lost.id);
    expect(api.seen[0]?.query.state).toBe('indeterminate');
  });

  it('shows one with the reason and what to do', async () => {
    await using api = await FakeApi.start({ [`GET ${path}`]: { body: lost } });
    const { stdout, stderr } = await runCli(['outbound', 'show', lost.id], api.environment);
    expect(stdout).toContain('The line broke.');
    expect(stderr).toContain(`archway outbound resolve ${lost.id} not-sent`);
  });

  it('settles one by what a person found out', async () => {
    const settled = { ...lost, state: 'rejected', reason: 'resolved', explanation: 'A person said so.' };
    await using api = await FakeApi.start({ [`POST ${path}/resolve`]: { body: settled } });
    const ran = await runCli(['outbound', 'resolve', lost.id, 'not-sent', '--json'], api.environment);
    expect(JSON.parse(ran.stdout)).toEqual(settled);
    expect(api.seen.map(({ body }) => body)).toEqual([{ outcome: 'not-sent' }]);
  });

  it('knows two outcomes, and says why the server refuses', async () => {
    await using api = await FakeApi.start({ [`POST ${path}/resolve`]: problem(409, 'It is accepted.') });
    const wrong = await runCli(['outbound', 'resolve', lost.id, 'perhaps'], api.environment);
    expect(wrong.exitCode).toBe(exitCodes.usage);
    const ran = await runCli(['outbound', 'resolve', lost.id, 'sent'], api.environment);
    expect(ran).toMatchObject({ exitCode: exitCodes.failed, stderr: 'It is accepted.\n' });
  });
});
