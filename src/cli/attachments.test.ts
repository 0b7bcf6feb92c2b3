import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { exitCodes } from './exit-codes.js';
import { apiKey, FakeApi, problem, runCli } from './testing.js';

const id = '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f';
const path = `/v1/attachments/${id}`;
const content = Buffer.from([0, 1, 2, 255, 254, 10, 13, 128]);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archway-attachment-'));
  file = join(folder, 'picture.png');
});
afterEach(() => rm(folder, { recursive: true }));

/** A server that answers everything so; returns the environment that leads there. */
async function serve(listener: RequestListener): Promise<Record<string, string>> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { ARCHWAY_ADMIN_URL: `http://127.0.0.1:${port}`, ARCHWAY_API_KEY: apiKey };
}

const giving =
  (bytes: Uint8Array, promised = sha256(bytes)): RequestListener =>
  (_, response) => {
    response.writeHead(200, { 'repr-digest': `sha-256=:${promised.toString('base64')}:` }).end(bytes);
  };

const run = (environment: Record<string, string>, ...more: string[]) =>
  runCli(['attachment', 'get', id, ...more], environment);

describe('archway attachment get', () => {
  it('writes the bytes to a file that only its owner may read', async () => {
    const environment = await serve(giving(content));
    expect(await run(environment, '--output', file)).toMatchObject({ exitCode: 0, stdout: '' });
    expect((await readFile(file)).equals(content)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['picture.png']);
  });

  it('tells a script what it wrote', async () => {
    const environment = await serve(giving(content));
    const { stdout } = await run(environment, '--output', file, '--json');
    const digest = sha256(content).toString('hex');
    expect(JSON.parse(stdout)).toEqual({ id, file, byteLength: 8, sha256: digest });
  });

  it('writes to standard output without a file', async () => {
    const environment = await serve(giving(Buffer.from('plain bytes')));
    expect(await run(environment)).toMatchObject({ exitCode: 0, stdout: 'plain bytes', stderr: '' });
  });

  it('does not mix bytes and JSON', async () => {
    const environment = await serve(giving(content));
    expect(await run(environment, '--json')).toMatchObject({ exitCode: exitCodes.usage, stdout: '' });
  });

  it('overwrites nothing', async () => {
    await writeFile(file, 'precious');
    const environment = await serve(giving(content));
    const { exitCode, stderr } = await run(environment, '--output', file);
    expect({ exitCode, stderr }).toEqual({
      exitCode: exitCodes.failed,
      stderr: expect.stringContaining('is not overwritten'),
    });
    expect(await readFile(file, 'utf8')).toBe('precious');
    expect(await readdir(folder)).toEqual(['picture.png']);
  });

  it.each([
    [
      'bytes that are not those of the record',
      giving(content, sha256(Buffer.from('others'))),
      /Do not use them/,
    ],
    [
      'a transfer that breaks off',
      ((_, response) => {
        const digest = sha256(content).toString('base64');
        response.writeHead(200, { 'repr-digest': `sha-256=:${digest}:`, 'content-length': '100' });
        response.write(content, () => response.destroy());
      }) as RequestListener,
      /broke off/,
    ],
    [
      'something that is no Archway',
      ((_, response) => response.end('hello')) as RequestListener,
      /with a digest/,
    ],
  ])('leaves no file behind after %s', async (_, listener, words) => {
    const { exitCode, stderr } = await run(await serve(listener), '--output', file);
    expect(exitCode).toBe(exitCodes.failed);
    expect(stderr).toMatch(words);
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    [404, exitCodes.notFound],
    [409, exitCodes.failed],
    [410, exitCodes.failed],
  ])('says what the server says with %i', async (status, exitCode) => {
    await using api = await FakeApi.start({ [`GET ${path}`]: problem(status, 'The reason why.') });
    const ran = await run(api.environment, '--output', file);
    expect(ran).toMatchObject({ exitCode, stderr: 'The reason why.\n' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('names the folder that cannot be written', async () => {
    const environment = await serve(giving(content));
    const { exitCode, stderr } = await run(environment, '--output', join(folder, 'missing', 'x'));
    expect({ exitCode, stderr }).toEqual({
      exitCode: exitCodes.failed,
      stderr: expect.stringContaining('ENOENT'),
    });
  });
});
