import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { postgresMissing, startPostgres } from './postgres-server.js';

const missing = await postgresMissing();

test.skipIf(missing !== undefined)(
  'a test’s own Postgres syncs, and keeps what it has through a crash',
  async () => {
    const server = await startPostgres();
    onTestFinished(() => server.remove());
    await query(server.url, 'create table kept as select 1 as value');
    expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'on' }]);

    await server.stop('immediate');
    await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');

    await server.start();
    expect(await query(server.url, 'select value from kept')).toEqual([{ value: 1 }]);
  },
);

async function query(url: string, statement: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5 });
  try {
    return [...(await sql.unsafe(statement))];
  } finally {
    await sql.end({ timeout: 5 });
  }
}
