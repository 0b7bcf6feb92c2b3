import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { newId } from '../core/ids.js';
import { writeAudit } from './access.js';
import { BackupLoad, LoadRefusedError } from './backup-load.js';
import { tableNames, withSnapshot } from './backup-snapshot.js';
import { acquireLease } from './leases.js';
import { knownMigrations } from './migrate.js';
import { markDoorsOpen } from './reconciliations.js';
import { listInstances } from './tenancy.js';

let source: TestDatabase;
let target: TestDatabase;
beforeAll(async () => {
  source = await openTestDatabase();
  target = await openTestDatabase();
});
afterAll(async () => {
  await source.close();
  await target.close();
});

const version = Math.max(...knownMigrations().map(({ folderMillis }) => folderMillis));

async function copy(alter = (_table: string, lines: string[]) => lines): Promise<void> {
  await withSnapshot(source.database, (snapshot) =>
    target.database.orm.transaction(async (tx) => {
      const load = await BackupLoad.begin(tx, version);
      for (const table of tableNames()) {
        for await (const lines of snapshot.rows(table)) await load.insert(table, alter(table, lines));
      }
      await load.finish(new Date());
    }),
  );
}

async function constraints({ database }: TestDatabase) {
  const rows = await database.orm.execute(sql`
    select conrelid::regclass::text as table, pg_get_constraintdef(oid) as definition, convalidated
    from pg_constraint where connamespace = current_schema()::regnamespace order by 1, 2`);
  return [...rows];
}

it('keeps nothing when a row refers to one that is not there', async () => {
  const world = await World.open(source.database);
  const instanceId = world.tenant.id;
  const lease = { name: `journal/${instanceId}`, instanceId, holder: newId(), durationMs: 3_600_000 };
  await acquireLease(source.database.orm, lease);
  await markDoorsOpen(source.database.orm, new Date());
  await writeAudit(source.database.orm, { instanceId, actor: 'system', action: 'test', subject: newId() });
  const before = await constraints(target);
  const orphans = copy((table, lines) => (table === 'instances' ? [] : lines));
  await expect(orphans).rejects.toMatchObject({ cause: { code: '23503' } });
  expect([...(await target.database.orm.execute(sql`select 1 from accounts`))]).toEqual([]);
  expect(await constraints(target)).toEqual(before);
});

it('gives the same rows and constraints, lets numbers go on, and ends leases without forgetting their fences', async () => {
  const before = await constraints(target);
  await copy();
  expect(await constraints(target)).toEqual(before);
  for (const table of tableNames().filter((name) => name !== 'leases')) {
    const rows = ({ database }: TestDatabase) =>
      database.orm.execute(sql.raw(`select row_to_json(t)::text as line from "${table}" t order by 1`));
    expect([...(await rows(target))], table).toEqual([...(await rows(source))]);
  }
  const { orm } = target.database;
  const [lease] = await orm.execute<{ name: string; instance_id: string }>(sql`select * from leases`);
  const taken = await acquireLease(orm, {
    name: lease!.name,
    instanceId: lease!.instance_id,
    holder: newId(),
    durationMs: 1_000,
  });
  expect(taken?.fence).toBe(2);
  await writeAudit(orm, { instanceId: null, actor: 'system', action: 'test', subject: newId() });
  const [last] = await orm.execute<{ position: string; previous: string }>(
    sql`select max(position)::text as position, (count(*) - 1)::text as previous from audit_trail`,
  );
  expect(Number(last!.position)).toBeGreaterThan(Number(last!.previous));
});

it('refuses a database that has rows, and one of a newer schema', async () => {
  await expect(copy()).rejects.toThrow(LoadRefusedError);
  const newer = target.database.orm.transaction((tx) => BackupLoad.begin(tx, version - 1));
  await expect(newer).rejects.toThrow(/newer version/);
});

it('takes the rows of an older schema and brings them up to this one', async () => {
  const other = await openTestDatabase();
  const { orm } = other.database;
  await orm.execute(sql`drop schema public cascade`);
  await orm.execute(sql`create schema public`);
  const [oldest] = knownMigrations().map(({ folderMillis }) => folderMillis);
  const id = newId();
  const row = { id, name: 'old', wrapped_key: '\\x00', settings: {}, created_at: '2026-11-23T09:30:00Z' };
  await orm.transaction(async (tx) => {
    const load = await BackupLoad.begin(tx, oldest!);
    await load.insert('instances', [JSON.stringify(row)]);
    await load.finish(new Date());
  });
  expect((await listInstances(orm)).map(({ name }) => name)).toEqual(['old']);
  expect(await constraints(other)).toEqual(await constraints(target));
  await other.close();
});

it('refuses a table that it does not know', async () => {
  const other = await openTestDatabase();
  const foreign = other.database.orm.transaction(async (tx) => {
    const load = await BackupLoad.begin(tx, version);
    await load.insert('pg_x', ['{}']);
  });
  await expect(foreign).rejects.toThrow(/table pg_x that this Archway does not know/);
  await other.close();
});
