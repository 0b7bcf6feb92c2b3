import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { markDoorsOpen } from '../../src/db/reconciliations.js';
import { DoorWatch } from '../../src/pipeline/door-watch.js';
import type { Connector, Content } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says, scriptedConnector } from './support/connector.js';
import { backdate, listingConnector, reconcileAll, reports } from './support/reconciling.js';
import { World } from './support/world.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const second = 1_000;
const minute = 60 * second;
const overlap = 5 * minute;
// Before the clock of the database, so that what is on the list is due.
const start = Date.now() - 24 * 60 * minute;
const at = (offsetMs: number) => new Date(start + offsetMs);

/** A node whose clock the test turns. It looks every few milliseconds of real time. */
class Node {
  readonly watch: DoorWatch;
  #now: Date;
  #looks = 0;

  constructor(world: World, startsAtMs = 0) {
    this.#now = at(startsAtMs);
    const now = () => {
      this.#looks += 1;
      return this.#now;
    };
    this.watch = new DoorWatch({ ...world, onNoted: () => undefined, now, pollMs: 5 });
    onTestFinished(() => this.watch.close());
  }

  async turnTo(offsetMs: number): Promise<void> {
    this.#now = at(offsetMs);
    const looks = this.#looks;
    await until(() => this.#looks >= looks + 2);
  }

  /** Time goes by as for a process that is not suspended. */
  async pass(fromMs: number, toMs: number): Promise<void> {
    for (let offsetMs = fromMs; offsetMs <= toMs; offsetMs += 9 * second) await this.turnTo(offsetMs);
  }

  /** Every request is answered with 503 for a while; then none is for long enough. */
  async refuse(fromMs: number, toMs: number, cause: 'outage' | 'spool-full' = 'outage'): Promise<void> {
    for (let offsetMs = fromMs; offsetMs <= toMs; offsetMs += 5 * second) {
      this.#now = at(offsetMs);
      this.watch.refused(cause);
      await this.turnTo(offsetMs);
    }
  }
}

const openUntil = async ({ database, tenant }: World) => {
  const [row] =
    await database.sql`select open_until as "openUntil" from doors where instance_id = ${tenant.id}`;
  return row === undefined ? undefined : new Date(row.openUntil as string);
};

async function prepare(connector: Connector = listingConnector(() => [says(message('m1'))])) {
  const world = await World.open(test.database, { connector });
  await backdate(world);
  return { world, node: new Node(world) };
}

async function gaps(world: World): Promise<Content[]> {
  await world.normalise();
  return (await world.envelopes()).flatMap(({ content }) => (content?.kind === 'gap' ? [content] : []));
}

describe('a door that was closed', () => {
  it('while no node ran: from when it was last known open, and a gap record says so', async () => {
    const { world, node } = await prepare();
    await markDoorsOpen(test.database.orm, at(-10 * minute));
    await node.watch.open();
    expect(await reports(world)).toMatchObject([
      { cause: 'start', since: at(-10 * minute - overlap), until: at(0), state: 'pending' },
    ]);
    expect(await gaps(world)).toMatchObject([
      { state: 'open', since: at(-10 * minute).toISOString(), until: at(0).toISOString() },
    ]);
    expect(await openUntil(world)).toEqual(at(0));
  });

  it('is noted by one of several nodes that start at once', async () => {
    const { world, node } = await prepare();
    const others = Array.from({ length: 7 }, (_, index) => new Node(world, index));
    await markDoorsOpen(test.database.orm, at(-10 * minute));
    await Promise.all([node, ...others].map(({ watch }) => watch.open()));
    const first = (await reports(world)).filter(({ since }) => since < at(-10 * minute));
    expect(first).toHaveLength(1);
  });

  it('for a moment only is looked at, and makes no gap record', async () => {
    const { world, node } = await prepare();
    await markDoorsOpen(test.database.orm, at(-20 * second));
    await node.watch.open();
    expect(await reports(world)).toMatchObject([{ cause: 'start', since: at(-20 * second - overlap) }]);
    expect(await gaps(world)).toEqual([]);
  });

  it('never before is not looked at', async () => {
    const { world, node } = await prepare();
    await node.watch.open();
    expect(await reports(world)).toEqual([]);
  });

  it.each(['outage', 'spool-full'] as const)('with 503 (%s): from the first to the last', async (cause) => {
    const { world, node } = await prepare();
    await node.watch.open();
    await node.refuse(10 * second, 50 * second, cause);
    expect(await reports(world), 'it is not over').toEqual([]);
    expect(await openUntil(world)).toEqual(at(0));
    await node.pass(52 * second, 65 * second);
    await until(async () => (await reports(world)).length === 1);
    expect(await reports(world)).toMatchObject([
      { cause, since: at(10 * second - overlap), until: at(50 * second) },
    ]);
    expect(await gaps(world)).toMatchObject([{ state: 'open', reason: 'outage' }]);
    await node.turnTo(70 * second);
    expect(await openUntil(world)).toEqual(at(70 * second));
    expect(await reconcileAll(world)).toMatchObject([{ state: 'done', missing: 1 }]);
    expect(await gaps(world)).toMatchObject([{ state: 'open' }, { state: 'closed' }]);
  });

  it('with both has the worse cause', async () => {
    const { world, node } = await prepare();
    await node.watch.open();
    await node.refuse(10 * second, 10 * second, 'outage');
    await node.refuse(15 * second, 15 * second, 'spool-full');
    await node.refuse(20 * second, 20 * second, 'outage');
    await node.pass(22 * second, 40 * second);
    await until(async () => (await reports(world)).length === 1);
    expect(await reports(world)).toMatchObject([{ cause: 'spool-full' }]);
  });

  it('in an outage in which the process died: the next start looks from its beginning on', async () => {
    const { world, node } = await prepare();
    await node.watch.open();
    await node.turnTo(30 * second);
    expect(await openUntil(world)).toEqual(at(30 * second));
    await node.refuse(40 * second, 200 * second);
    await node.watch.close();
    await new Node(world, 300 * second).watch.open();
    expect(await reports(world)).toMatchObject([
      { cause: 'start', since: at(30 * second - overlap), until: at(300 * second) },
    ]);
  });

  it('while the process was suspended', async () => {
    const { world, node } = await prepare();
    await node.watch.open();
    await node.turnTo(20 * second);
    await node.turnTo(30 * minute);
    await until(async () => (await reports(world)).length === 1);
    expect(await reports(world)).toMatchObject([
      { cause: 'outage', since: at(20 * second - overlap), until: at(30 * minute) },
    ]);
  });

  it('is looked at once, whichever nodes notice', async () => {
    const { world, node } = await prepare();
    await markDoorsOpen(test.database.orm, at(-10 * minute));
    await Promise.all([node.watch.open(), new Node(world).watch.open(), new Node(world).watch.open()]);
    expect(await reports(world)).toHaveLength(1);
    expect(await gaps(world)).toHaveLength(1);
  });
});

describe('an account', () => {
  it('that was added later is looked at from then on', async () => {
    const { world, node } = await prepare();
    const { database, account } = world;
    const added = at(-4 * minute);
    await database.sql`update accounts set created_at = ${added.toISOString()}::timestamptz where id = ${account.id}`;
    await markDoorsOpen(database.orm, at(-10 * minute));
    await node.watch.open();
    expect(await reports(world)).toMatchObject([{ since: added, until: at(0) }]);
    expect(await gaps(world)).toMatchObject([{ since: added.toISOString() }]);
  });

  it('whose connector cannot list has a gap that says so and stays open', async () => {
    const { world, node } = await prepare(scriptedConnector());
    await markDoorsOpen(test.database.orm, at(-10 * minute));
    await node.watch.open();
    expect(await reports(world)).toMatchObject([{ state: 'unlistable', endedAt: expect.any(Date) }]);
    expect(await gaps(world)).toMatchObject([
      {
        state: 'open',
        reason: 'outage',
        since: at(-10 * minute).toISOString(),
        until: at(0).toISOString(),
        detail: expect.stringContaining('This connector cannot ask the provider'),
      },
    ]);
    await node.refuse(10 * second, 20 * second);
    await node.pass(22 * second, 40 * second);
    await node.turnTo(41 * second);
    expect(await reports(world), 'a moment is the provider’s to bridge').toHaveLength(1);
  });

  it('of a provider that has forgotten a part of that time has a second gap, which stays open', async () => {
    const { world, node } = await prepare(listingConnector(() => [says(message('m1'))], 3));
    await markDoorsOpen(test.database.orm, at(-10 * 24 * 60 * minute));
    await node.watch.open();
    await reconcileAll(world);
    expect(await gaps(world)).toMatchObject([
      { state: 'open', reason: 'outage', since: at(-10 * 24 * 60 * minute).toISOString() },
      { state: 'open', reason: 'no-longer-listed', since: at(-10 * 24 * 60 * minute).toISOString() },
      { state: 'closed', reason: 'outage' },
    ]);
  });
});
