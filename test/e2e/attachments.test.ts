import { createHash } from 'node:crypto';
import { chmod, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bytes, redirect, TestProvider } from '../../src/pipeline/media/testing.js';
import type { Envelope } from '../../src/sdk/index.js';
import { settled } from '../crash/support/kept.js';
import { archway, archwayJson } from '../support/command-line.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { addDeskAt, credentials, fetched, sendMms, testEndpoints } from '../support/mms.js';
import { startTestGateway } from '../support/test-gateway.js';

const picture = Buffer.from([
  0x89,
  0x50,
  0x4e,
  0x47,
  ...Array.from({ length: 100_000 }, (_, index) => index % 251),
]);
const sha256 = createHash('sha256').update(picture).digest('hex');

it('brings the media of an MMS into the archive, and refuses what its sender made up', async () => {
  await using provider = await TestProvider.start({ '/picture': bytes(picture) });
  await using collector = await TestProvider.start({ '/trap': bytes('a trap') });
  provider.paths['/redirect'] = redirect(collector.url('/trap'));
  const gateway = await startTestGateway(testEndpoints);
  const account = await addDeskAt(gateway, provider);
  await sendMms(gateway, account, {
    name: 'Four files.',
    urls: [
      provider.url('/picture'),
      provider.url('/redirect'),
      collector.url('/trap'),
      provider.url('/missing'),
    ],
  });
  const [kept, ...gone] = await fetched(gateway, 4);
  expect(kept).toMatchObject({ state: 'stored', byteLength: picture.length, sha256 });
  expect(gone.map(({ state }) => state)).toEqual(['gone', 'gone', 'gone']);
  expect(collector.seen, 'nobody else was asked, least of all with credentials').toEqual([]);
  expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual(Array(3).fill(credentials));
  await settled(gateway);

  const records = await gateway.list<Envelope>('/v1/records');
  expect(records.map(({ skeleton }) => skeleton.kind).sort()).toEqual([
    'attachment',
    'gap',
    'gap',
    'gap',
    'message',
  ]);
  const reasons = records.flatMap(({ content }) => (content.kind === 'gap' ? [content.detail] : []));
  for (const reason of ['host-not-allowed', 'not-found']) {
    expect(reasons.filter((detail) => detail.includes(reason)).length).toBeGreaterThan(0);
  }
  await checkCommand(gateway, kept!.id, gone[2]!.id);
  await checkArchive(gateway);
  expect(gateway.log).toContain('ARCHWAY_ALLOW_TEST_ENDPOINTS=1');
  expect(gateway.log).not.toContain(collector.host);
  await gateway.stop();
});

async function checkCommand(gateway: GatewayProcess, kept: string, gone: string): Promise<void> {
  const file = join(gateway.dataDirectory, 'saved.png');
  const saved = await archwayJson<{ sha256: string }>(gateway, 'attachment', 'get', kept, '--output', file);
  expect(saved).toMatchObject([{ sha256, byteLength: picture.length }]);
  expect((await readFile(file)).equals(picture)).toBe(true);
  const refused = await archway(gateway, 'attachment', 'get', gone, '--output', `${file}.2`);
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('404') });
}

async function checkArchive(gateway: GatewayProcess): Promise<void> {
  const [instance] = await gateway.list<{ id: string }>('/v1/instances');
  const folders = [instance!.id, 'attachments', sha256.slice(0, 2), sha256.slice(2, 4)];
  const file = join(gateway.dataDirectory, 'archive', ...folders, sha256);
  expect((await readFile(file)).equals(picture)).toBe(true);
  expect((await stat(file)).mode & 0o222).toBe(0);
  expect((await archway(gateway, 'sink', 'inspect')).code).toBe(0);
  await chmod(file, 0o600);
  await writeFile(file, 'something else');
  const altered = await archway(gateway, 'sink', 'inspect');
  expect(altered.code, 'changed bytes are found').toBe(6);
}
