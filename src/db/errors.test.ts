import { createServer } from 'node:net';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { databaseServer } from '../../test/support/database-server.js';
import { newId } from '../core/ids.js';
import { openDatabase } from './client.js';
import { isDatabaseUnavailable } from './errors.js';
import { insertCaptures } from './inbox.js';

const onServer = databaseServer !== undefined;
let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

async function errorOf(work: () => PromiseLike<unknown>): Promise<unknown> {
  try {
    await work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

/** The error of a first query at a server that cannot be had. */
async function errorAt(url: string): Promise<unknown> {
  const database = await openDatabase({ kind: 'postgres', url });
  try {
    return await errorOf(() => database.orm.execute(sql`select 1`));
  } finally {
    await database.close();
  }
}

const serverUrl = (change: (url: URL) => void) => {
  if (test.location.kind !== 'postgres') throw new Error('There is no server.');
  const url = new URL(test.location.url);
  change(url);
  return url.href;
};

describe('a database that is away', () => {
  it('is known by a refused connection', async () => {
    expect(isDatabaseUnavailable(await errorAt('postgres://postgres@127.0.0.1:1/archway'))).toBe(true);
  });

  it('is known by a host that does not exist', async () => {
    expect(isDatabaseUnavailable(await errorAt('postgres://postgres@db.invalid:5432/archway'))).toBe(true);
  });

  it('is known by a connection that ends without an answer', async () => {
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    expect(isDatabaseUnavailable(await errorAt(`postgres://postgres@127.0.0.1:${port}/archway`))).toBe(true);
    await new Promise((resolve) => server.close(resolve));
  });

  it('is known after it was closed', async () => {
    const database = await openDatabase({ kind: 'postgres', url: 'postgres://postgres@127.0.0.1:1/archway' });
    await database.close();
    expect(isDatabaseUnavailable(await errorOf(() => database.orm.execute(sql`select 1`)))).toBe(true);
  });
});

describe.skipIf(!onServer)('a server that is away for us', () => {
  it('is known by a database that is missing', async () => {
    const error = await errorAt(serverUrl((url) => Object.assign(url, { pathname: '/no_such_database' })));
    expect(isDatabaseUnavailable(error)).toBe(true);
  });

  it('is known by a session that its operator ended, and the next query works', async () => {
    const ended = errorOf(() =>
      test.database.orm.transaction((tx) => tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`)),
    );
    expect(isDatabaseUnavailable(await ended)).toBe(true);
    expect([...(await test.database.orm.execute(sql`select 1 as one`))]).toEqual([{ one: 1 }]);
  });

  it('is known by a statement that it cancelled', async () => {
    const error = await errorOf(() =>
      test.database.orm.transaction(async (tx) => {
        await tx.execute(sql`set local statement_timeout = 20`);
        await tx.execute(sql`select pg_sleep(5)`);
      }),
    );
    expect(isDatabaseUnavailable(error)).toBe(true);
  });
});

describe('a row that is wrong', () => {
  it('is no outage: a broken constraint', async () => {
    const world = await World.open(test.database);
    const row = {
      id: newId(),
      instanceId: world.tenant.id,
      accountId: 'no id',
      endpoint: 'messages',
      provenance: 'webhook',
      receivedAt: new Date().toISOString(),
      sealed: new Uint8Array(),
    };
    const error = await errorOf(() => insertCaptures(test.database, [row]));
    expect((error as { code: string }).code).toBe('22P02');
    expect(isDatabaseUnavailable(error)).toBe(false);
    expect(isDatabaseUnavailable(new Error('wrapped', { cause: error }))).toBe(false);
  });

  it('is no outage: a value of another type', async () => {
    const error = await errorOf(() => test.database.orm.execute(sql`select ${'x'}::text::uuid`));
    expect(isDatabaseUnavailable(error)).toBe(false);
  });

  it.each([undefined, null, 'ECONNREFUSED', { code: 'ECONNREFUSED' }, new TypeError('no')])(
    'is no outage: %s',
    (error) => {
      expect(isDatabaseUnavailable(error)).toBe(false);
    },
  );
});

describe('an error by its code', () => {
  const withCode = (code: string) => Object.assign(new Error('x'), { code });

  it.each([
    '08006',
    '28P01',
    '3D000',
    '53100',
    '53300',
    '57P01',
    '57P03',
    '58030',
    '25006',
    '40001',
    '40P01',
  ])('%s is an outage, also as a cause', (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(true);
    expect(isDatabaseUnavailable(new Error('Failed query', { cause: withCode(code) }))).toBe(true);
  });

  it.each(['22021', '22P02', '23505', '22P02', '42601', '42P01', '54000'])('%s is none', (code) => {
    expect(isDatabaseUnavailable(withCode(code))).toBe(false);
  });
});
