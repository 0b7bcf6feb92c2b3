import { onTestFinished, type TestContext } from 'vitest';
import { createDatabase, databaseServer } from '../../support/database-server.js';
import { findPostgres, PostgresServer } from '../../support/postgres-server.js';

/**
 * The URL of an empty database of the test's own on the server that the suite runs on; undefined, for the embedded database, when
 * it runs on none.
 */
export async function freshDatabaseUrl(): Promise<string | undefined> {
  if (databaseServer === undefined) return undefined;
  const { url, remove } = await createDatabase(databaseServer);
  onTestFinished(remove);
  return url;
}

/** A Postgres database, also where the suite runs on the embedded one: on a server of the test's own. Skips where neither is. */
export async function requirePostgresUrl(context: TestContext): Promise<string> {
  const url = await freshDatabaseUrl();
  if (url !== undefined) return url;
  const programs = findPostgres();
  if (typeof programs === 'string') {
    return skip(context, `the embedded database cannot be away while its gateway runs, and ${programs}`);
  }
  return (await PostgresServer.start(programs)).url;
}

/** Skips the test and says why, so that nobody takes it for passed. */
export function skip(context: TestContext, reason: string): never {
  console.warn(`Skipped "${context.task.name}": ${reason}.`);
  return context.skip(reason);
}
