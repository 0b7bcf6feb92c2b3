import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { newId } from '../core/ids.js';
import { type Snapshot, tableNames, withSnapshot } from './backup-snapshot.js';
import { insertCaptures } from './inbox.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

async function read(snapshot: Snapshot, table: string): Promise<Record<string, unknown>[]> {
  const lines: string[] = [];
  for await (const portion of snapshot.rows(table)) lines.push(...portion);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

async function captures(count: number, paddingLength = 0) {
  const world = await World.open(test.database);
  return Array.from({ length: count }, () => ({
    id: newId(),
    instanceId: world.tenant.id,
    accountId: world.account.id,
    endpoint: 'messages',
    provenance: 'webhook',
    receivedAt: '2026-11-23T09:30:00.123Z',
    sealed: Buffer.concat([Buffer.from([0, 255, 10]), Buffer.alloc(paddingLength, 7)]),
  }));
}

it('has every table that the migrations make, so that one that is added cannot be forgotten', async () => {
  const rows = await test.database.orm.execute<{ name: string }>(sql`
    select relname::text as name from pg_class
    where relkind in ('r', 'p') and relnamespace = current_schema()::regnamespace
      and relname <> 'archway_migrations' order by relname`);
  expect(tableNames()).toEqual(rows.map(({ name }) => name).sort());
  expect(tableNames().length).toBeGreaterThan(15);
});

/** The files in which the engine has put rows aside. */
function aside(): string[] {
  const { location } = test;
  const directory = location.kind === 'embedded' ? join(location.directory, 'base/pgsql_tmp') : '';
  return existsSync(directory) ? readdirSync(directory) : [];
}

it('shows all tables as they were when it was taken, while others write', { timeout: 60_000 }, async () => {
  const before = await captures(3_000, 2_000);
  await insertCaptures(test.database, before);
  const counted = async (snapshot: Snapshot) => (await read(snapshot, 'captures')).map(({ id }) => id).sort();
  const [first, instances] = await withSnapshot(test.database, async (snapshot) => {
    await insertCaptures(test.database, await captures(2));
    const instances = await read(snapshot, 'instances');
    return [await counted(snapshot), instances] as const;
  });
  expect(first).toEqual(before.map(({ id }) => id).sort());
  expect(instances).toHaveLength(1);
  expect(await withSnapshot(test.database, counted)).toHaveLength(before.length + 2);
});

it('leaves nothing behind, also when the reading fails', async () => {
  const failing = withSnapshot(test.database, async (snapshot) => {
    if (test.location.kind === 'embedded') expect(aside()).not.toEqual([]);
    for await (const _portion of snapshot.rows('captures')) throw new Error('the reader has gone');
  });
  await expect(failing).rejects.toThrow('the reader has gone');
  expect([...(await test.database.orm.execute(sql`select name from pg_cursors where is_holdable`))]).toEqual(
    [],
  );
  expect(aside()).toEqual([]);
});

it('writes times and bytes in one form', async () => {
  await insertCaptures(test.database, await captures(1));
  const rows = await withSnapshot(test.database, (snapshot) => read(snapshot, 'captures'));
  const written = { sealed: '\\x00ff0a', received_at: '2026-11-23T09:30:00.123+00:00' };
  expect(rows.filter(({ sealed }) => sealed === written.sealed).at(-1)).toMatchObject(written);
});
