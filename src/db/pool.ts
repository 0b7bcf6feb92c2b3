import type { Duplex } from 'node:stream';
import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js';
import type { Sql } from 'postgres';
import { refusedStream } from './driver-stream.js';
import { guardTransactions } from './guarded-driver.js';
import * as schema from './schema/index.js';

export type Orm = PostgresJsDatabase<typeof schema>;

/** One set of connections of the driver. */
interface Generation {
  readonly sql: Sql;
  readonly orm: Orm;
  /** Set when it was given up: it gets no more connections. */
  loss: Error | undefined;
}

interface Subscription {
  readonly channel: string;
  readonly notified: (payload: string) => void;
}

export interface PoolOptions {
  /** Opens a byte stream to the database. */
  readonly connect: () => Duplex;
  /** Makes a driver instance that takes its connections from there. */
  readonly createDriver: (connect: () => Duplex) => Sql;
}

const closeTimeoutSeconds = 5;
const giveUpTimeoutSeconds = 1;
const listenRetryMs = 1_000;

/**
 * The driver's connections, replaced as a whole when one of them is lost: what the driver believes of a connection after
 * its loss is not to be relied on. A generation that was given up gets no new connections; what is under way on those that
 * it has may finish there, and everything new goes to the next generation.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #subscriptions: Subscription[] = [];
  #current: Generation | undefined;
  /** The generation that the subscriptions are on. */
  #listening: Generation | undefined;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  get sql(): Sql {
    return this.#generation().sql;
  }

  get orm(): Orm {
    return this.#generation().orm;
  }

  /** Calls back on each notification, also after the connection was lost and replaced; what is notified in between is missed. */
  async listen(channel: string, notified: (payload: string) => void): Promise<void> {
    const generation = this.#generation();
    await generation.sql.listen(channel, notified);
    this.#listening = generation;
    this.#subscriptions.push({ channel, notified });
  }

  /** Gives up the connections there are, if any: what is under way on them may finish for a moment, and fails then. */
  giveUp(reason: Error): void {
    if (this.#current !== undefined) this.#giveUp(this.#current, reason);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#current?.sql.end({ timeout: closeTimeoutSeconds });
  }

  #generation(): Generation {
    this.#current ??= this.#create();
    return this.#current;
  }

  #create(): Generation {
    const sql = this.#options.createDriver(() => {
      if (generation.loss !== undefined) return refusedStream(generation.loss);
      const stream = this.#options.connect();
      stream.once('error', (error) => this.#giveUp(generation, error));
      return stream;
    });
    const generation: Generation = {
      sql,
      orm: drizzle(guardTransactions(sql), { schema }),
      loss: undefined,
    };
    return generation;
  }

  #giveUp(generation: Generation, loss: Error): void {
    generation.loss ??= loss;
    if (this.#current !== generation) return;
    this.#current = undefined;
    // What is under way on its other connections may finish.
    void generation.sql.end({ timeout: giveUpTimeoutSeconds }).catch(() => undefined);
    if (!this.#closed && this.#subscriptions.length > 0) {
      setTimeout(() => this.#listenAgain(), listenRetryMs).unref();
    }
  }

  async #listenAgain(): Promise<void> {
    if (this.#closed) return;
    const generation = this.#generation();
    if (this.#listening === generation) return;
    this.#listening = generation;
    for (const { channel, notified } of this.#subscriptions) {
      // A failure gives this generation up, and with that comes the next try.
      await generation.sql.listen(channel, notified).catch(() => undefined);
    }
  }
}
