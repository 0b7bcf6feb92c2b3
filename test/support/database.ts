import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, type DatabaseLocation, openDatabase } from '../../src/db/client.js';
import { migrateDatabase } from '../../src/db/migrate.js';
import { createDatabase, databaseServer } from './database-server.js';
import { copyEmbeddedTemplate } from './embedded-template.js';

export interface TestDatabase {
  readonly database: Database;
  /** For whoever opens it a second time, or starts a process on it. */
  readonly location: DatabaseLocation;
  close(): Promise<void>;
}

/**
 * A migrated database of one's own: on the Postgres server that the suite runs on, else an embedded one in a temporary
 * directory. `close` removes it.
 */
export async function openTestDatabase(): Promise<TestDatabase> {
  const { location, remove } =
    databaseServer === undefined ? await temporaryDirectory() : await databaseOn(databaseServer);
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

async function databaseOn(server: string): Promise<Place> {
  const { url, remove } = await createDatabase(server);
  return { location: { kind: 'postgres', url }, remove };
}
