import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import postgres, { type Options, type Sql } from 'postgres';
import type { EmbeddedDatabase } from './embedded/index.js';
import * as schema from './schema/index.js';
import { connectToServer } from './server-stream.js';

export type Orm = PostgresJsDatabase<typeof schema>;
/** A transaction, or the database itself: what a query module needs. */
export type Queries = Pick<Orm, 'select' | 'insert' | 'update' | 'delete' | 'execute'>;

/**
 * One database, server or embedded, reached by the same driver. Inside a transaction use only its `tx`: the embedded
 * database has one session, and a query beside an open transaction would wait for it.
 */
export interface Database {
  readonly kind: 'postgres' | 'embedded';
  readonly orm: Orm;
  readonly sql: Sql;
  /** Calls back on each notification; a lost connection is taken up again by the driver. */
  listen(channel: string, notified: (payload: string) => void): Promise<void>;
  /** Resolves with the reason when an embedded database dies under us; a server that goes away comes back. */
  readonly died: Promise<Error>;
  close(): Promise<void>;
}

export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string; readonly connectionsMax?: number }
  | { readonly kind: 'embedded'; readonly directory: string };

const closeTimeoutSeconds = 5;
/** They share one session. With a single one, a query beside an open transaction would wait in the driver for ever. */
const embeddedConnectionsMax = 4;

const sharedOptions: Options<Record<string, never>> = {
  onnotice: () => undefined,
  connect_timeout: 5,
  // Reconnects at once when asked: what to do while the database is away is for the spool, not for the driver.
  backoff: false,
  connection: { application_name: 'archway' },
};

export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  if (location.kind === 'postgres') {
    const { url, connectionsMax = 10 } = location;
    const options = {
      ...sharedOptions,
      max: connectionsMax,
      ssl: false,
      socket: () => connectToServer(url),
      // A server may be set to write dates in another order, which would be read as other dates.
      connection: { ...sharedOptions.connection, DateStyle: 'ISO', TimeZone: 'UTC' },
    };
    const sql = postgres(url, options as Options<Record<string, never>>);
    return database('postgres', sql, {
      died: new Promise<Error>(() => undefined),
      closed: async () => undefined,
    });
  }
  // Loaded when it is used: a node on Postgres needs none of it.
  const { openEmbeddedDatabase } = await import('./embedded/index.js');
  const embedded = await openEmbeddedDatabase(location.directory);
  const sql = postgres({
    ...sharedOptions,
    user: 'postgres',
    database: 'postgres',
    max: embeddedConnectionsMax,
    max_lifetime: null,
    socket: () => embedded.connect(),
  } as Options<Record<string, never>>);
  return database('embedded', sql, { died: whenDied(embedded), closed: () => embedded.close() });
}

/** Never resolves when the database is closed as it should be. */
function whenDied(embedded: EmbeddedDatabase): Promise<Error> {
  return new Promise((resolve) => {
    void embedded.ended.then((reason) => {
      if (reason !== undefined) resolve(reason);
    });
  });
}

function database(
  kind: Database['kind'],
  sql: Sql,
  { died, closed }: { died: Promise<Error>; closed: () => Promise<void> },
): Database {
  return {
    kind,
    sql,
    died,
    orm: drizzle(sql, { schema }),
    async listen(channel, notified) {
      await sql.listen(channel, notified);
    },
    async close() {
      await sql.end({ timeout: closeTimeoutSeconds });
      await closed();
    },
  };
}
