import { desc, eq } from 'drizzle-orm';
import type { Database } from '../../../src/db/client.js';
import { attempts, deliveries, lanes, sinks } from '../../../src/db/schema/index.js';
import { readSinks } from '../../../src/domain/sinks.js';
import { Dispatcher, type DispatcherOptions } from '../../../src/pipeline/dispatcher.js';
import { SinkHandle } from '../../../src/pipeline/open-sinks.js';
import { until } from '../../support/until.js';
import { message, says } from './connector.js';
import { type ScriptedSink, scriptedSink } from './sink.js';
import { World } from './world.js';

/** An instance with one sink and messages that wait for it. */
export class Delivering {
  private constructor(
    readonly world: World,
    readonly scripted: ScriptedSink,
  ) {}

  static async open(database: Database, scripted = scriptedSink()): Promise<Delivering> {
    return new Delivering(await World.open(database, { sinks: [scripted.sink] }), scripted);
  }

  get sinkId(): string {
    return this.world.sinks[0]!.id;
  }

  /** Records messages: `{ conversation: how many }`, taken in turn. */
  async record(perConversation: Readonly<Record<string, number>>): Promise<void> {
    const rounds = Math.max(...Object.values(perConversation));
    const events = Array.from({ length: rounds }, (_, round) =>
      Object.entries(perConversation)
        .filter(([, count]) => round < count)
        .map(([conversation]) => message(`${conversation}-${round}-${Math.random()}`, { conversation })),
    ).flat();
    await this.world.receive(says(...events));
    await this.world.normalise();
  }

  async dispatcher(options: Partial<DispatcherOptions> = {}): Promise<Dispatcher> {
    const { world } = this;
    const [configured] = await readSinks(world.database.orm, world.tenant, world.registry);
    return new Dispatcher({ ...world, sink: new SinkHandle(configured!), ...options });
  }

  async states(): Promise<Record<'pending' | 'delivered' | 'dead', number>> {
    const counts = { pending: 0, delivered: 0, dead: 0 };
    for (const { state } of await this.rows()) counts[state] += 1;
    return counts;
  }

  async rows(): Promise<(typeof deliveries.$inferSelect)[]> {
    const { orm } = this.world.database;
    return orm
      .select()
      .from(deliveries)
      .where(eq(deliveries.sinkId, this.sinkId))
      .orderBy(deliveries.sequence);
  }

  async attempts(): Promise<(typeof attempts.$inferSelect)[]> {
    const { orm } = this.world.database;
    const { instanceId } = attempts;
    return orm
      .select()
      .from(attempts)
      .where(eq(instanceId, this.world.tenant.id))
      .orderBy(desc(attempts.number));
  }

  async sink(): Promise<typeof sinks.$inferSelect> {
    const rows = await this.world.database.orm.select().from(sinks).where(eq(sinks.id, this.sinkId));
    return rows[0]!;
  }

  async lanes(): Promise<(typeof lanes.$inferSelect)[]> {
    return this.world.database.orm.select().from(lanes).where(eq(lanes.sinkId, this.sinkId));
  }

  /** Lets every waiting retry and pause end now. */
  async hurry(): Promise<void> {
    const { sql } = this.world.database;
    await sql`update sinks set paused_until = now() - interval '1 second'
      where id = ${this.sinkId} and paused_until is not null`;
    await sql`update lanes set due_at = now() - interval '1 second'
      where sink_id = ${this.sinkId} and due_at is not null`;
  }
}

/** Runs a dispatcher until something holds; `hurry` lets retries and pauses end at once. */
export async function runUntil(
  delivering: Delivering,
  holds: () => Promise<boolean> | boolean,
  { hurry = true, options = {} } = {},
): Promise<void> {
  const dispatcher = await delivering.dispatcher(options);
  dispatcher.start();
  await until(async () => {
    if (hurry) await delivering.hurry();
    dispatcher.wake();
    return holds();
  });
  await dispatcher.stop(0);
}
