import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/client.js';
import { claimCaptures } from '../../src/db/inbox.js';
import { openCapture } from '../../src/domain/captures.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import { Spool, SpoolFullError } from '../../src/pipeline/spool.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { World } from './support/world.js';

type Mode = 'up' | 'away' | 'hung' | 'hung after the commit' | 'slow';

let test: TestDatabase;
let directory: string;
let mode: Mode;
/** Lets go on what is held up while the database is `slow`. */
let goOn: (() => void)[];
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  mode = 'up';
  goOn = [];
  directory = await mkdtemp(join(tmpdir(), 'archway-ingest-'));
});
afterEach(() => rm(directory, { recursive: true }));

/** The database, which goes away as `mode` says. */
function unsteady(): Database {
  const sql = (...statement: Parameters<Database['inOrder']>) => {
    if (mode === 'away') return Promise.reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
    if (mode === 'hung') return new Promise(() => undefined);
    if (mode === 'slow') {
      return new Promise<void>((resolve) => goOn.push(resolve)).then(() =>
        test.database.inOrder(...statement),
      );
    }
    const result = test.database.inOrder(...statement);
    return mode === 'up' ? result : result.then(() => new Promise(() => undefined));
  };
  return { ...test.database, inOrder: sql as unknown as Database['inOrder'], renewInOrder: () => undefined };
}

async function open({ freeMinBytes = 0, commitTimeoutMs = 10_000 } = {}) {
  const world = await World.open(test.database);
  const spool = await Spool.open({ directory, freeMinBytes });
  const ingest = new Ingest({ ...world, database: unsteady(), spool, commitTimeoutMs });
  ingest.start();
  const accept = (text: string) => ingest.accept(world.tenant.vault, world.capture(text));
  return { world, spool, ingest, accept };
}

/** The texts in the inbox, in the order of acceptance. */
async function inbox(world: World): Promise<string[]> {
  const rows = await claimCaptures(test.database.orm, { instanceId: world.tenant.id, limit: 10_000 });
  return rows.map((row) => Buffer.from(openCapture(world.tenant.vault, row).body).toString('utf8'));
}

const texts = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `text ${from + index}`);

describe('accepted captures', () => {
  it('are in the inbox when they are answered, in their order and byte for byte', async () => {
    const { world, ingest, accept } = await open();
    const bodies = [...texts(0, 300), 'a NUL \0, a line\n and 🐘'];
    const ids = await Promise.all(bodies.map(accept));
    expect(new Set(ids).size).toBe(bodies.length);
    expect(await inbox(world)).toEqual(bodies);
    await ingest.stop();
  });

  it('keep the request line and headers as they came', async () => {
    const { world, ingest } = await open();
    const capture = world.capture('body', { headers: { 'x-odd': 'tab\tand ü' }, endpoint: 'messages' });
    await ingest.accept(world.tenant.vault, capture);
    const [row] = await claimCaptures(test.database.orm, { instanceId: world.tenant.id, limit: 1 });
    const opened = openCapture(world.tenant.vault, row!);
    expect({ ...opened, body: Buffer.from(opened.body).toString() }).toEqual({ ...capture, body: 'body' });
    await ingest.stop();
  });

  it('are not spoiled by a bad one among them, which fails alone', async () => {
    const { world, ingest, accept } = await open();
    const stranger = world.capture('of something that is no account', { account: 'no id' });
    const results = await Promise.allSettled([
      accept('one'),
      ingest.accept(world.tenant.vault, stranger),
      accept('two'),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await inbox(world)).toEqual(['one', 'two']);
    await ingest.stop();
  });
});

describe('while the database is away', () => {
  it.each<Mode>(['away', 'hung', 'hung after the commit'])(
    '(%s) captures are taken by the spool and drained in order, each once',
    async (outage) => {
      const { world, spool, ingest, accept } = await open({ commitTimeoutMs: 250 });
      await Promise.all(texts(0, 10).map(accept));
      mode = outage;
      await Promise.all(texts(10, 20).map(accept));
      await Promise.all(texts(20, 30).map(accept));
      expect(spool.isEmpty).toBe(false);
      mode = 'up';
      await Promise.all(texts(30, 40).map(accept));
      await until(() => spool.isEmpty);
      await Promise.all(texts(40, 50).map(accept));
      await until(() => spool.isEmpty);
      expect(await inbox(world)).toEqual(texts(0, 50));
      expect(await readdir(directory)).toEqual([]);
      await ingest.stop();
    },
  );

  it('what comes while the spool is drained waits for that, and does not fill it again', async () => {
    const { world, spool, ingest, accept } = await open();
    mode = 'away';
    await accept('text 0');
    mode = 'slow';
    await until(() => goOn.length === 1);
    const accepted = accept('text 1');
    await new Promise((resolve) => setTimeout(resolve, 50));
    mode = 'up';
    goOn[0]?.();
    await accepted;
    expect(spool.isEmpty).toBe(true);
    expect(await inbox(world)).toEqual(texts(0, 2));
    await ingest.stop();
  });

  it('what was spooled is drained by the next process', async () => {
    const first = await open();
    mode = 'away';
    await Promise.all(texts(0, 5).map(first.accept));
    await first.ingest.stop();

    mode = 'up';
    const spool = await Spool.open({ directory, freeMinBytes: 0 });
    const ingest = new Ingest({ ...first.world, database: test.database, spool });
    ingest.start();
    await ingest.accept(first.world.tenant.vault, first.world.capture('text 5'));
    await until(() => spool.isEmpty);
    expect(await inbox(first.world)).toEqual(texts(0, 6));
    await ingest.stop();
  });

  it('and the spool is full, nothing is accepted', async () => {
    const { world, ingest, accept } = await open({ freeMinBytes: Number.MAX_SAFE_INTEGER });
    mode = 'away';
    await expect(accept('lost?')).rejects.toThrow(SpoolFullError);
    expect(await inbox(world)).toEqual([]);
    mode = 'up';
    await ingest.stop();
  });

  it('nothing of a capture is readable in the spool', async () => {
    const { world, ingest, accept } = await open();
    mode = 'away';
    await accept('sell everything, said +12025550199');
    await ingest.stop();
    const spool = await Spool.open({ directory, freeMinBytes: 0 });
    const file = await spool.readOldest();
    expect(JSON.stringify(file)).not.toMatch(/sell|2025550199/);
    expect(Buffer.from(file!.rows[0]!.sealed).toString('latin1')).not.toMatch(/sell|2025550199|token-of/);
    expect(world.logged.join('')).not.toMatch(/sell|2025550199|token-of/);
  });
});

describe('a spool file that holds a row which the database refuses', () => {
  it('is set aside after the others are in the inbox, and the log says so', async () => {
    const { world, spool, ingest, accept } = await open();
    mode = 'away';
    await accept('one');
    await ingest.accept(world.tenant.vault, world.capture('stranger', { account: 'no id' }));
    await accept('two');
    mode = 'up';
    await until(() => spool.isEmpty);
    expect(await inbox(world)).toEqual(['one', 'two']);
    expect(await readdir(directory)).toEqual(['000000000001.spool.damaged']);
    expect(world.logged.join('')).toContain('it was kept as .damaged');
    await ingest.stop();
  });
});
