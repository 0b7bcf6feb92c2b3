import postgres from 'postgres';
import { expect, test } from 'vitest';
import { skip } from '../crash/support/databases.js';
import { findPostgres, PostgresServer } from './postgres-server.js';

test('a test’s own Postgres syncs, and keeps what it has through a crash', async (context) => {
  const programs = findPostgres();
  if (typeof programs === 'string') return skip(context, programs);
  const server = await PostgresServer.start(programs);
  await query(server.url, 'create table kept as select 1 as value');
  expect(await query(server.url, 'show fsync')).toEqual([{ fsync: 'on' }]);

  await server.stop();
  await expect(query(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED');

  await server.start();
  expect(await query(server.url, 'select value from kept')).toEqual([{ value: 1 }]);
});

async function query(url: string, statement: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1, connect_timeout: 5 });
  try {
    return [...(await sql.unsafe(statement))];
  } finally {
    await sql.end({ timeout: 5 });
  }
}
