import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { message, says } from '../../test/pipeline/support/connector.js';
import { Delivering } from '../../test/pipeline/support/delivering.js';
import { World } from '../../test/pipeline/support/world.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { databaseServer } from '../../test/support/database-server.js';
import { type Database, openDatabase } from './client.js';
import { migrateDatabase, SchemaTooNewError } from './migrate.js';

const onServer = databaseServer !== undefined;
let test: TestDatabase;
const opened: Database[] = [];
beforeAll(async () => {
  test = await openTestDatabase();
});
afterEach(async () => {
  for (const database of opened.splice(0)) await database.close();
});
afterAll(() => test.close());

/** Takes everything away, as in a database that was just made. */
async function empty(): Promise<void> {
  await test.database.sql.unsafe('drop schema public cascade; create schema public');
}

async function tables(): Promise<string[]> {
  const rows = await test.database.sql`
    select table_name from information_schema.tables where table_schema = 'public' order by 1`;
  return rows.map(({ table_name }) => table_name as string);
}

/** Another session set of the same server. */
async function another(change: (url: URL) => void = () => undefined): Promise<Database> {
  if (test.location.kind !== 'postgres') throw new Error('Only a server has more than one client.');
  const url = new URL(test.location.url);
  change(url);
  const database = await openDatabase({ kind: 'postgres', url: url.href, connectionsMax: 2 });
  opened.push(database);
  return database;
}

describe('migrating', () => {
  it('makes everything from nothing, and nothing the second time', async () => {
    await empty();
    const { applied } = await migrateDatabase(test.database);
    expect(applied).toBeGreaterThan(0);
    const made = await tables();
    expect(made).toEqual(expect.arrayContaining(['archway_migrations', 'captures', 'deliveries', 'records']));
    expect(await migrateDatabase(test.database)).toEqual({ applied: 0 });
    expect(await tables()).toEqual(made);
  });

  it('leaves nothing behind when it fails half-way', async () => {
    await empty();
    await test.database.sql`create table sinks (nothing int)`;
    await expect(migrateDatabase(test.database)).rejects.toThrow();
    expect(await tables()).toEqual(['sinks']);
    await empty();
    expect((await migrateDatabase(test.database)).applied).toBeGreaterThan(0);
  });

  it('refuses what a newer version has made, and says what to do', async () => {
    await test.database.sql`insert into archway_migrations (version, hash) values (99999999999999, 'newer')`;
    const migrating = migrateDatabase(test.database);
    await expect(migrating).rejects.toThrow(SchemaTooNewError);
    await expect(migrating).rejects.toThrow(/newer Archway.*Start that version again, or restore a backup/s);
    await test.database.sql`delete from archway_migrations where version = 99999999999999`;
  });
});

describe.skipIf(!onServer)('migrating a server', () => {
  it('by twenty at once is done once', async () => {
    await empty();
    const databases = await Promise.all(Array.from({ length: 20 }, () => another()));
    const results = await Promise.all(databases.map((each) => migrateDatabase(each)));
    expect(results.filter(({ applied }) => applied > 0)).toHaveLength(1);
    expect((await World.open(test.database)).account.name).toBe('desk');
  });

  it('is not needed by a role that may not change the schema, which runs all of it', async () => {
    const role = `archway_app_${Date.now()}`;
    const { sql } = test.database;
    await sql.unsafe(`create role ${role} login password 'app'`);
    await sql.unsafe(`grant usage on schema public to ${role}`);
    await sql.unsafe(`grant select, insert, update, delete on all tables in schema public to ${role}`);
    const app = await another((url) => {
      url.username = role;
      url.password = 'app';
    });
    await expect(app.sql`create table mine (a int)`).rejects.toThrow(/permission denied/);
    expect(await migrateDatabase(app)).toEqual({ applied: 0 });

    const delivering = await Delivering.open(app);
    await delivering.world.receive(says(message('m1')));
    await delivering.world.normalise();
    const dispatcher = await delivering.dispatcher();
    dispatcher.start();
    await expect.poll(async () => (await delivering.states()).delivered).toBe(1);
    await dispatcher.stop(1_000);
    await app.close();
    opened.splice(0);
    await sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  });
});

describe.skipIf(!onServer)('a server with settings of its own', () => {
  it('gives times as they were, whatever its date style and time zone', async () => {
    const { sql } = test.database;
    const [{ name } = { name: '' }] = await sql<{ name: string }[]>`select current_database() as name`;
    await sql.unsafe(`alter database ${name} set datestyle = 'SQL, DMY'`);
    await sql.unsafe(`alter database ${name} set timezone = 'Asia/Kathmandu'`);
    const world = await World.open(await another());
    const receivedAt = '2026-11-03T22:30:00.123Z';
    await world.receive(says(message('m1')));
    await sql`update captures set received_at = ${receivedAt} where instance_id = ${world.tenant.id}`;
    await world.normalise();
    expect((await world.envelopes())[0]?.skeleton.times.received).toBe(receivedAt);
  });
});
