import postgres from 'postgres';
import { onTestFinished, type TestContext } from 'vitest';
import { findPostgres, PostgresServer } from '../../support/postgres-server.js';

/**
 * The URL of an empty database of the test's own on the server that `ARCHWAY_TEST_DATABASE_URL` names; undefined, for the
 * embedded database, when it names none.
 */
export async function freshDatabaseUrl(): Promise<string | undefined> {
  const server = process.env.ARCHWAY_TEST_DATABASE_URL;
  if (server === undefined || server === '') return undefined;
  const name = `archway_process_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  await administer(server, `create database ${name}`);
  onTestFinished(() => administer(server, `drop database ${name} with (force)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
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

async function administer(server: string, statement: string): Promise<void> {
  const sql = postgres(server, { max: 1, onnotice: () => undefined });
  try {
    await sql.unsafe(statement);
  } finally {
    await sql.end({ timeout: 5 });
  }
}
