import postgres from 'postgres';

/**
 * The Postgres server that the suite runs on, by its URL; its role must be allowed to create databases. Undefined: each test has
 * an embedded database. Only the tests that reach this module are run on both (`.ci/run`), so nothing else reads the variable.
 */
export const databaseServer = process.env.ARCHWAY_TEST_DATABASE_URL || undefined;

export interface ServerDatabase {
  readonly url: string;
  remove(): Promise<void>;
}

/** A new and empty database on the server. */
export async function createDatabase(server: string): Promise<ServerDatabase> {
  const name = `archway_test_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  await administer(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, remove: () => administer(server, `drop database ${name} with (force)`) };
}

async function administer(server: string, statement: string): Promise<void> {
  const sql = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
