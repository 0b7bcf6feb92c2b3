import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { TestProvider } from '../../src/pipeline/media/testing.js';
import { settled } from '../crash/support/kept.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { addDeskAt, fetched, sendMms, testEndpoints } from '../support/mms.js';
import { startTestGateway } from '../support/test-gateway.js';

const mebibyte = 1024 * 1024;
const byteLength = 100 * mebibyte;
const growthMaxBytes = 30 * 1_000_000;

/** A content of 100 MiB, made as it is sent, and another for each seed. */
function* piecesOf(seed: number): Generator<Buffer> {
  for (let index = 0; index < byteLength / mebibyte; index += 1) {
    const piece = Buffer.alloc(mebibyte, index);
    piece.writeUInt32BE(seed, 0);
    yield piece;
  }
}

function digestOf(pieces: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}

function giving(seed: number): RequestListener {
  return (_, response) => {
    response.writeHead(200, { 'content-type': 'video/mp4', 'content-length': byteLength });
    Readable.from(piecesOf(seed)).pipe(response);
  };
}

async function memoryOf({ processId }: GatewayProcess, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${processId}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
}

/** In by the provider, through the blob store to both sinks, and out by the API. */
async function passThrough(gateway: GatewayProcess, account: string, provider: TestProvider, seed: number) {
  await sendMms(gateway, account, { name: `film ${seed}`, urls: [provider.url(`/${seed}`)] });
  const attachment = (await fetched(gateway, seed, 90_000)).at(-1);
  expect(attachment).toMatchObject({ state: 'stored', byteLength });
  expect((await settled(gateway)).deliveries).toMatchObject({ pending: 0, dead: 0 });
  const response = await fetch(`${gateway.adminUrl}/v1/attachments/${attachment?.id}`, {
    headers: { authorization: `Bearer ${await gateway.adminKey()}` },
  });
  const hash = createHash('sha256');
  for await (const piece of response.body ?? []) hash.update(piece);
  expect(hash.digest('hex')).toBe(attachment?.sha256);
  return attachment;
}

// What a process holds is read from /proc.
it.runIf(process.platform === 'linux')(
  '100 MB go in, to two sinks and out, and less than 30 MB of memory more is ever held',
  { timeout: 600_000 },
  async () => {
    await using provider = await TestProvider.start({ '/1': giving(1), '/2': giving(2) });
    const gateway = await startTestGateway(testEndpoints);
    const directory = join(gateway.dataDirectory, 'second-archive');
    await gateway.call('POST', '/v1/sinks', { type: 'filesystem', name: 'second', settings: { directory } });
    const account = await addDeskAt(gateway, provider);
    // The first pass brings code and buffers into memory that stay there.
    await passThrough(gateway, account, provider, 1);

    const before = await memoryOf(gateway, 'VmRSS');
    await writeFile(`/proc/${gateway.processId}/clear_refs`, '5');
    const attachment = await passThrough(gateway, account, provider, 2);
    const growth = (await memoryOf(gateway, 'VmHWM')) - before;
    console.log(
      `Held before: ${Math.round(before / 1e6)} MB; more at the most: ${Math.round(growth / 1e6)} MB.`,
    );
    expect(growth).toBeLessThan(growthMaxBytes);

    const sha256 = digestOf(piecesOf(2));
    expect(attachment?.sha256).toBe(sha256);
    const [instance] = await gateway.list<{ id: string }>('/v1/instances');
    for (const archive of [join(gateway.dataDirectory, 'archive'), directory]) {
      const folders = [instance!.id, 'attachments', sha256.slice(0, 2), sha256.slice(2, 4)];
      const kept = await readFile(join(archive, ...folders, sha256));
      expect(digestOf([kept])).toBe(sha256);
    }
    await gateway.stop();
  },
);
