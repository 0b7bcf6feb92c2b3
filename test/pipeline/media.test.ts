import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAttachments } from '../../src/db/message-log.js';
import { changeAccount, retryAccount } from '../../src/domain/accounts.js';
import { openAttachment } from '../../src/domain/attachments.js';
import { deliveryAttachment } from '../../src/pipeline/delivery-attachments.js';
import { MediaFetcher, type MediaFetcherOptions } from '../../src/pipeline/media/media-fetcher.js';
import { bytes, endless, redirect, TestProvider } from '../../src/pipeline/media/testing.js';
import { type Connector, type EventAttachment, Failure, type MediaRequest } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says, scriptedConnector } from './support/connector.js';
import { World } from './support/world.js';

let test: TestDatabase;
let provider: TestProvider;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  provider = await TestProvider.start();
});
afterEach(() => provider[Symbol.asyncDispose]());

const authorization = 'Bearer of-the-account';

type Media = NonNullable<Connector['media']>;

function connectorOf(media: Media) {
  return { ...scriptedConnector(), media };
}

const fromProvider = ({ reference = '' }: EventAttachment): MediaRequest => ({
  url: reference,
  hosts: [provider.host],
  headers: { authorization },
});

/** An instance with one message that has these attachments. */
async function received(references: readonly (string | undefined)[], media: Media = fromProvider) {
  const world = await World.open(test.database, { connector: connectorOf(media) });
  const attachments = references.map((reference, index) => ({
    key: `media/${index}`,
    contentType: 'image/jpeg',
    ...(reference !== undefined && { reference }),
  }));
  await world.receive(says(message('m1', { attachments })));
  await world.normalise();
  return world;
}

const jobsOf = async (world: World) =>
  test.database.sql<{ attempts: number; failure_kind: string | null; failure: string; due: boolean }[]>`
    select attempts, failure_kind, failure, due_at <= now() as due from media_jobs
    where instance_id = ${world.tenant.id}`;

async function attachmentsOf(world: World) {
  const [first] = await world.envelopes();
  const rows = await readAttachments(test.database.orm, [first!.skeleton.id]);
  return (rows.get(first!.skeleton.id) ?? []).map((row) => ({
    ...row,
    opened: openAttachment(world.tenant.vault, row),
  }));
}

/** Lets the fetcher work until the condition holds, and puts on record what it said. */
async function fetching(
  world: World,
  done: () => Promise<boolean>,
  options: Partial<MediaFetcherOptions> = {},
) {
  const fetcher = new MediaFetcher({ ...world, ...options });
  await fetcher.start();
  await until(done);
  await fetcher.stop();
  await world.normalise();
}

const ended = (world: World) => async () => (await jobsOf(world)).length === 0;
const failedWith = (world: World, kind: string) => async () =>
  (await jobsOf(world)).some((job) => job.failure_kind === kind);

async function hurry(world: World) {
  await test.database.sql`update media_jobs set due_at = now() - interval '1 second'
    where instance_id = ${world.tenant.id}`;
}

async function contentOf(world: World, blobId: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of (await world.blobs.of(world.tenant)).open(blobId)) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

describe('an attachment whose bytes can be had', () => {
  it('is fetched, kept, and put on record with its digest', async () => {
    provider.paths['/a'] = bytes('a picture', 'image/png');
    const world = await received([provider.url('/a')]);
    expect((await attachmentsOf(world))[0]).toMatchObject({ state: 'referenced', blobId: null });
    await fetching(world, ended(world));
    const [attachment] = await attachmentsOf(world);
    expect(attachment).toMatchObject({
      state: 'stored',
      opened: {
        byteLength: 9,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
        contentType: 'image/jpeg',
      },
    });
    expect(await contentOf(world, attachment!.blobId as string)).toBe('a picture');
    const [about, own] = await world.envelopes();
    expect(own).toMatchObject({
      skeleton: {
        kind: 'attachment',
        provenance: 'internal',
        about: about?.skeleton.key,
        conversation: about?.skeleton.conversation,
        attachments: [{ id: attachment?.id, digest: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
      content: { byteLength: 9, contentType: 'image/png', sha256: attachment?.opened.sha256 },
    });
    expect(provider.seen.map(({ headers }) => headers.authorization)).toEqual([authorization]);
  });

  it('is sound whose length and channels stand in its own record, and come to the sinks with the bytes', async () => {
    provider.paths['/a'] = bytes('a sound', 'audio/wav');
    const world = await World.open(test.database, { connector: connectorOf(fromProvider) });
    const sound = { durationSeconds: 3, channels: 2 };
    const attachments = [{ key: 'media/0', reference: provider.url('/a'), ...sound }];
    await world.receive(says(message('m1', { attachments })));
    await world.normalise();
    await fetching(world, ended(world));
    const [about, own] = await world.envelopes();
    expect(about?.content).toMatchObject({ attachments: [sound] });
    expect(own?.content).toMatchObject({ kind: 'attachment', ...sound });
    const [row] = await attachmentsOf(world);
    expect(deliveryAttachment(world.tenant, world.blobs, row!)).toMatchObject({ byteLength: 7, ...sound });
  });

  it('is fetched once, whoever restarts', async () => {
    provider.paths['/a'] = bytes('a picture');
    const world = await received([provider.url('/a')]);
    await fetching(world, ended(world));
    await fetching(world, ended(world));
    expect(provider.seen).toHaveLength(1);
    expect((await world.envelopes()).map(({ skeleton }) => skeleton.kind)).toEqual(['message', 'attachment']);
  });

  it('is had after an outage of the provider', async () => {
    let tries = 0;
    provider.paths['/a'] = (request, response) => {
      tries += 1;
      if (tries === 1) response.writeHead(500).end();
      else bytes('a picture')(request, response);
    };
    const world = await received([provider.url('/a')]);
    await fetching(world, failedWith(world, 'unavailable'));
    expect(await jobsOf(world)).toMatchObject([
      { attempts: 1, due: false, failure: expect.stringContaining('500') },
    ]);
    await hurry(world);
    await fetching(world, ended(world));
    expect(await attachmentsOf(world)).toMatchObject([{ state: 'stored' }]);
  });
});

describe('an attachment that its connector has to work for', () => {
  const request = (url: string): MediaRequest => ({ url, hosts: [provider.host] });

  it('is put up again once when its host says that it is gone', async () => {
    provider.paths['/renewed'] = bytes('a picture');
    const renew = async () => request(provider.url('/renewed'));
    const world = await received([provider.url('/a')], (given) => ({ ...fromProvider(given), renew }));
    await fetching(world, ended(world));
    expect(await attachmentsOf(world)).toMatchObject([{ state: 'stored' }]);
    expect(provider.seen.map(({ url }) => url)).toEqual(['/a', '/renewed']);
  });

  it('is asked for with what its session offers', async () => {
    provider.paths['/from-session'] = bytes('a picture');
    const world = await received(['a file'], async (_, { session }) =>
      request(provider.url(String(session))),
    );
    world.live.offer(world.account.id, '/from-session');
    await fetching(world, ended(world));
    expect(await attachmentsOf(world)).toMatchObject([{ state: 'stored' }]);
  });

  it('is kept as its connector decodes it, and not with the type of what was sent', async () => {
    provider.paths['/a'] = bytes('a picture', 'application/octet-stream');
    const decode = async function* (body: AsyncIterable<Uint8Array>) {
      for await (const piece of body) yield Buffer.from(Buffer.from(piece).toString().toUpperCase());
    };
    const sha256 = createHash('sha256').update('A PICTURE').digest('hex');
    const world = await received([provider.url('/a')], (given) => ({
      ...fromProvider(given),
      decode,
      sha256,
    }));
    await fetching(world, ended(world));
    const [attachment] = await attachmentsOf(world);
    expect(attachment).toMatchObject({ state: 'stored', opened: { sha256 } });
    expect(JSON.stringify(await world.envelopes())).not.toContain('octet-stream');
    expect(await contentOf(world, attachment?.blobId ?? '')).toBe('A PICTURE');
  });

  it.each([
    ['refuses it', new Failure('rejected', 'Its seal is broken.'), 'damaged', 'Its seal is broken.'],
    ['has a fault', new Error('secret-of-the-provider'), 'config', 'The connector failed unexpectedly.'],
  ])('waits, and the reason is said, when decoding %s', async (_, thrown, kind, said) => {
    provider.paths['/a'] = bytes('a picture');
    // biome-ignore lint/correctness/useYield: it fails at once.
    const decode = async function* () {
      throw thrown;
    };
    const world = await received([provider.url('/a')], (given) => ({ ...fromProvider(given), decode }));
    await fetching(world, failedWith(world, kind));
    expect(await jobsOf(world)).toMatchObject([{ failure: said }]);
  });
});

describe('an attachment whose bytes cannot be had', () => {
  async function expectGap(world: World, reason: string) {
    expect(await attachmentsOf(world)).toMatchObject([
      { state: 'gone', blobId: null, opened: { unavailable: { reason } } },
    ]);
    const [about, gap] = await world.envelopes();
    expect(gap).toMatchObject({
      skeleton: { kind: 'gap', about: about?.skeleton.key },
      content: { state: 'open', reason: 'media-unavailable', detail: expect.stringContaining(reason) },
    });
    expect(JSON.stringify(gap)).not.toMatch(/token=|of-the-account/);
  }

  it('because the provider has it no more, is gone, with a gap', async () => {
    const world = await received([provider.url('/gone?token=1')]);
    await fetching(world, ended(world));
    await expectGap(world, 'not-found');
  });

  it('because its sender chose the host, is refused, and no credential leaves', async () => {
    await using collector = await TestProvider.start();
    collector.paths['/a'] = bytes('a trap');
    const world = await received([collector.url('/a?token=1')]);
    await fetching(world, ended(world));
    await expectGap(world, 'host-not-allowed');
    expect(collector.seen).toEqual([]);
  });

  it('because a redirect leads to another host, is refused', async () => {
    await using collector = await TestProvider.start();
    provider.paths['/a'] = redirect(collector.url('/a'));
    const world = await received([provider.url('/a')]);
    await fetching(world, ended(world));
    await expectGap(world, 'host-not-allowed');
    expect(collector.seen).toEqual([]);
  });

  it('because a redirect leads to a private address, is refused', async () => {
    provider.paths['/a'] = redirect('https://10.0.0.1/a');
    const world = await received([provider.url('/a')], (attachment) => ({
      ...fromProvider(attachment),
      redirectHosts: ['10.0.0.1'],
    }));
    await fetching(world, ended(world));
    await expectGap(world, 'private-address');
  });

  it('because this machine is no provider unless a test says so, is refused', async () => {
    provider.paths['/a'] = bytes('a picture');
    const world = await received([provider.url('/a').replace('http:', 'https:')]);
    await fetching(world, ended(world), { allowTestEndpoints: false });
    await expectGap(world, 'private-address');
    expect(provider.seen).toEqual([]);
  });

  it('because it has no end, is left at the limit', async () => {
    provider.paths['/a'] = endless;
    const world = await received([provider.url('/a')]);
    await fetching(world, ended(world));
    await expectGap(world, 'too-large');
  });

  it('because the provider did not say where it is, is a gap too', async () => {
    const world = await received([undefined]);
    await fetching(world, ended(world));
    await expectGap(world, 'no-reference');
  });

  it('because its bytes stay others than were promised, is given up after a few tries', async () => {
    provider.paths['/a'] = bytes('another picture');
    const world = await received([provider.url('/a')], (attachment) => ({
      ...fromProvider(attachment),
      sha256: 'ab'.repeat(32),
    }));
    for (let tries = 0; (await jobsOf(world)).length > 0; tries += 1) {
      expect(tries).toBeLessThan(10);
      await hurry(world);
      const triesSeen = async () => {
        const [job] = await jobsOf(world);
        return job === undefined || job.attempts > tries;
      };
      await fetching(world, triesSeen);
    }
    await expectGap(world, 'wrong-bytes');
    expect(provider.seen).toHaveLength(3);
  });
});

describe('an account whose attachments cannot be fetched at the moment', () => {
  it('waits as a whole when its credentials are refused, and uses up no try', async () => {
    provider.paths['/a'] = (_, response) => response.writeHead(401).end();
    const world = await received([provider.url('/a')]);
    await fetching(world, failedWith(world, 'auth'));
    await world.receive(says(message('m2', { attachments: [{ key: 'x', reference: provider.url('/a') }] })));
    expect(await jobsOf(world)).toMatchObject([{ attempts: 0, due: false }]);
    provider.paths['/a'] = bytes('a picture');
    await hurry(world);
    await fetching(world, ended(world));
    expect(await attachmentsOf(world)).toMatchObject([{ state: 'stored' }]);
  });

  it('goes on at once when its settings are changed', async () => {
    provider.paths['/a'] = ({ headers }, response) =>
      headers.authorization === 'Bearer renewed'
        ? response.writeHead(200).end('a picture')
        : response.writeHead(401).end();
    const world = await received([provider.url('/a'), provider.url('/a')], (reference, { settings }) => ({
      ...fromProvider(reference),
      headers: { authorization: `Bearer ${settings.token}` },
    }));
    const waiting = async () =>
      (await jobsOf(world)).every(({ failure_kind: kind, due }) => kind === 'auth' && !due);
    await fetching(world, waiting);
    const { tenant, account, directory } = world;
    await test.database.orm.transaction((tx) => changeAccount(tx, tenant, account, { token: 'renewed' }));
    await directory.refresh();
    await test.database.orm.transaction((tx) => retryAccount(tx, account.id));
    await fetching(world, ended(world));
    expect((await attachmentsOf(world)).map(({ state }) => state)).toEqual(['stored', 'stored']);
  });

  it('waits when its connector throws, and the log does not quote it', async () => {
    const world = await received(['a reference'], () => {
      throw new Error('a reference that only the sender knows');
    });
    await fetching(world, failedWith(world, 'config'));
    expect(await jobsOf(world)).toMatchObject([{ attempts: 0, due: false }]);
    expect(world.logged.join('')).not.toContain('only the sender knows');
  });

  it('is told by its connector what cannot be had', async () => {
    const world = await received(['a reference'], () => {
      throw new Failure('rejected', 'It is a sticker, which has no bytes.');
    });
    await fetching(world, ended(world));
    expect(await attachmentsOf(world)).toMatchObject([
      { state: 'gone', opened: { unavailable: { detail: 'It is a sticker, which has no bytes.' } } },
    ]);
  });

  it('has what was under way given back when the gateway stops', async () => {
    provider.paths['/a'] = endless;
    const world = await received([provider.url('/a')]);
    const attachmentMaxBytes = Number.MAX_SAFE_INTEGER;
    await fetching(world, async () => provider.seen.length > 0, { attachmentMaxBytes });
    expect(await jobsOf(world)).toMatchObject([{ attempts: 0, due: true, failure_kind: null }]);
  });
});

it('is not asked for twice by two nodes', async () => {
  provider.paths['/a'] = (request, response) => {
    setTimeout(() => bytes('a picture')(request, response), 200);
  };
  const world = await received(Array.from({ length: 6 }, () => provider.url('/a')));
  const other = new MediaFetcher({ ...world, node: '019aaf3e-7c1d-7a52-b3f4-0c8a5a1e2d3f' });
  await other.start();
  await fetching(world, ended(world));
  await other.stop();
  await world.normalise();
  expect(provider.seen).toHaveLength(6);
  const kinds = (await world.envelopes()).map(({ skeleton }) => skeleton.kind);
  expect(kinds.filter((kind) => kind === 'attachment')).toHaveLength(6);
});
