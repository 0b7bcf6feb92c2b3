import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import postgres from 'postgres';
import { type Database, type DatabaseLocation, openDatabase } from '../../src/db/client.js';
import { migrateDatabase } from '../../src/db/migrate.js';
import { copyEmbeddedTemplate } from './embedded-template.js';

export interface TestDatabase {
  readonly database: Database;
  /** For whoever opens it a second time, or starts a process on it. */
  readonly location: DatabaseLocation;
  close(): Promise<void>;
}

/**
 * A migrated database of one's own: on the Postgres server that `ARCHWAY_TEST_DATABASE_URL` names (its role must be
 * allowed to create databases), else an embedded one in a temporary directory. `close` removes it.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const server = process.env.ARCHWAY_TEST_DATABASE_URL;
  const { location, remove } =
    server === undefined ? await temporaryDirectory() : await freshDatabase(server);
  try {
    const database = await openDatabase(location);
    const close = async () => {
      await database.close();
      await remove();
    };
    await migrateDatabase(database);
    return { database, location, close };
  } catch (error) {
    await remove();
    throw error;
  }
}

interface Place {
  readonly location: DatabaseLocation;
  readonly remove: () => Promise<void>;
}

async function temporaryDirectory(): Promise<Place> {
  const parent = await mkdtemp(join(tmpdir(), 'archway-test-'));
  const directory = join(parent, 'database');
  await copyEmbeddedTemplate(directory, 'migrated');
  return {
    location: { kind: 'embedded', directory },
    remove: () => rm(parent, { recursive: true, force: true }),
  };
}

async function freshDatabase(server: string): Promise<Place> {
  const name = `archway_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  await administer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return {
    location: { kind: 'postgres', url: url.href },
    remove: () => administer(server, `drop database ${name} with (force)`),
  };
}

async function administer(server: string, statement: string): Promise<void> {
  const sql = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
