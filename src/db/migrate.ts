import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { type MigrationMeta, readMigrationFiles } from 'drizzle-orm/migrator';
import type { Database, Orm } from './client.js';

/** An arbitrary constant: whoever migrates holds this advisory lock, so that twenty starts at once do it once. */
const migrationLock = 4_712_207;

export type Transaction = Parameters<Parameters<Orm['transaction']>[0]>[0];

export class SchemaTooNewError extends Error {
  override readonly name = 'SchemaTooNewError';
}

/**
 * Brings the schema up to this version, in one transaction: all or nothing. Migrations only go forward. A role that may
 * not create tables can run an up-to-date schema.
 *
 * @throws {SchemaTooNewError} when a newer Archway has been here.
 */
export async function migrateDatabase(database: Database): Promise<{ applied: number }> {
  return database.orm.transaction(async (tx) => ({ applied: await migrateWithin(tx) }));
}

/**
 * The same as a part of a transaction. Whoever migrates or restores waits here for the others who do.
 *
 * @param upTo version of the last migration to apply; default: all.
 * @returns how many were applied.
 */
export async function migrateWithin(tx: Transaction, upTo = Number.POSITIVE_INFINITY): Promise<number> {
  const known = knownMigrations();
  await tx.execute(sql`select pg_advisory_xact_lock(${migrationLock})`);
  const applied = (await appliedMigrations(tx)) ?? (await createBookkeeping(tx));
  const unknown = applied.filter((when) => !known.some((migration) => migration.folderMillis === when));
  if (unknown.length > 0) {
    throw new SchemaTooNewError(
      `A newer Archway has migrated this database (${unknown.length} migration(s) that this version does not know). ` +
        'Start that version again, or restore a backup made by this one: migrations do not go back.',
    );
  }
  const missing = known.filter(({ folderMillis }) => folderMillis <= upTo && !applied.includes(folderMillis));
  for (const migration of missing) {
    for (const statement of migration.sql) await tx.execute(sql.raw(statement));
    await tx.execute(
      sql`insert into archway_migrations (version, hash) values (${migration.folderMillis}, ${migration.hash})`,
    );
  }
  return missing.length;
}

/** Every migration of this version, oldest first. */
export function knownMigrations(): MigrationMeta[] {
  return readMigrationFiles({ migrationsFolder: migrationsFolder() });
}

/** Versions (`folderMillis`) of the migrations that were applied; undefined when none ever was. */
export async function appliedMigrations(queries: Pick<Orm, 'execute'>): Promise<number[] | undefined> {
  const [table] = await queries.execute<{ name: string | null }>(
    sql`select to_regclass('archway_migrations')::text as name`,
  );
  if (table?.name === null) return undefined;
  const rows = await queries.execute<{ version: string }>(sql`select version::text from archway_migrations`);
  return rows.map((row) => Number(row.version));
}

async function createBookkeeping(tx: Transaction): Promise<number[]> {
  await tx.execute(sql`
    create table archway_migrations (
      version bigint primary key,
      hash text not null,
      applied_at timestamptz not null default now()
    )`);
  return [];
}

/** `migrations/` stands at the top of the package: two folders up from src/db, three from dist/src/db. */
function migrationsFolder(): string {
  const candidates = ['../../migrations', '../../../migrations'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  const found = candidates.find((path) => existsSync(path));
  if (found === undefined)
    throw new Error('The migrations folder is missing from this installation; install it again.');
  return found;
}
