import postgres, { type Options, type Sql } from 'postgres';
import type { EmbeddedDatabase } from './embedded/index.js';
import { type Orm, Pool } from './pool.js';
import { connectToServer } from './server-stream.js';

export type { Orm };
/** A transaction, or the database itself: what a query module needs. */
export type Queries = Pick<Orm, 'select' | 'insert' | 'update' | 'delete' | 'execute'>;

/**
 * One database, server or embedded, reached by the same driver. Inside a transaction use only its `tx`: the embedded
 * database has one session, and a query beside an open transaction would wait for it.
 */
export interface Database {
  readonly kind: 'postgres' | 'embedded';
  /** Ask for it each time: it is another one after the connection was lost. */
  readonly orm: Orm;
  readonly sql: Sql;
  /** One connection of its own: what is sent there is done in the order of sending, without a wait for each answer. */
  readonly inOrder: Sql;
  /** Gives the connection of `inOrder` up: what is under way there fails, and what comes next gets another. */
  renewInOrder(reason: Error): void;
  /** Calls back on each notification, but for those of a moment in which the connection was lost: poll as well. */
  listen(channel: string, notified: (payload: string) => void): Promise<void>;
  /** Resolves with the reason when an embedded database dies under us; a server that goes away comes back. */
  readonly died: Promise<Error>;
  close(): Promise<void>;
}

export type DatabaseLocation =
  | { readonly kind: 'postgres'; readonly url: string; readonly connectionsMax?: number }
  | { readonly kind: 'embedded'; readonly directory: string };

/** They share one session. With a single one, a query beside an open transaction would wait in the driver for ever. */
const embeddedConnectionsMax = 4;

/** `socket` is an option that the driver's types do not know. */
type DriverOptions = Options<Record<string, never>>;

const sharedOptions: DriverOptions = {
  onnotice: () => undefined,
  connect_timeout: 5,
  // Reconnects at once when asked: what to do while the database is away is for the spool, not for the driver.
  backoff: false,
  connection: { application_name: 'archway' },
};

/**
 * All that is asked here is found by an index. By default a planner takes reading in order for so much cheaper that it reads
 * whole tables while they are small or unknown, and compiles what it misjudges.
 */
const planning = { random_page_cost: '1.1', jit: 'off' };

/**
 * Statements are prepared to save messages, not plans: one that was made while the tables were small, or without the value that
 * a partial index asks for, would be kept when it has become a bad one.
 */
const freshPlans = { plan_cache_mode: 'force_custom_plan' };

/** What is sent in order only puts rows in, for which there is one plan. */
const keptPlans = { plan_cache_mode: 'force_generic_plan' };

export async function openDatabase(location: DatabaseLocation): Promise<Database> {
  if (location.kind === 'postgres') {
    const { url, connectionsMax = 10 } = location;
    const options = {
      ...sharedOptions,
      max_lifetime: null,
      ssl: false,
      // A server may be set to write dates in another order, which would be read as other dates, or to answer a commit
      // before it is durable.
      connection: {
        ...sharedOptions.connection,
        DateStyle: 'ISO',
        TimeZone: 'UTC',
        synchronous_commit: 'on',
        ...planning,
      },
    };
    const pool = (max: number, settings: Readonly<Record<string, string>>) => {
      const connection = { ...options.connection, ...settings };
      return new Pool({
        connect: () => connectToServer(url),
        createDriver: (socket) => postgres(url, { ...options, connection, max, socket } as DriverOptions),
      });
    };
    const pools = { shared: pool(connectionsMax, freshPlans), inOrder: pool(1, keptPlans) };
    return database('postgres', pools, { died: new Promise(() => undefined), closed: async () => undefined });
  }
  // Loaded when it is used: a node on Postgres needs none of it.
  const { openEmbeddedDatabase } = await import('./embedded/index.js');
  const embedded = await openEmbeddedDatabase(location.directory);
  const options = {
    ...sharedOptions,
    user: 'postgres',
    database: 'postgres',
    max_lifetime: null,
  };
  const pool = (max: number) =>
    new Pool({
      connect: () => embedded.connect(),
      createDriver: (socket) => postgres({ ...options, max, socket } as DriverOptions),
    });
  const pools = { shared: pool(embeddedConnectionsMax), inOrder: pool(1) };
  return database('embedded', pools, { died: whenDied(embedded), closed: () => embedded.close() });
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
  { shared, inOrder }: { shared: Pool; inOrder: Pool },
  { died, closed }: { died: Promise<Error>; closed: () => Promise<void> },
): Database {
  return {
    kind,
    died,
    get sql() {
      return shared.sql;
    },
    get orm() {
      return shared.orm;
    },
    get inOrder() {
      return inOrder.sql;
    },
    renewInOrder: (reason) => inOrder.giveUp(reason),
    listen: (channel, notified) => shared.listen(channel, notified),
    async close() {
      await Promise.all([shared.close(), inOrder.close()]);
      await closed();
    },
  };
}
