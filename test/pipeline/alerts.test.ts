import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listAlerts } from '../../src/db/alerts.js';
import { alerts } from '../../src/db/schema/index.js';
import { foldOutflow, readFigures } from '../../src/db/sink-counts.js';
import { expectOfAccount } from '../../src/db/tenancy.js';
import { Watch } from '../../src/pipeline/watch.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says } from './support/connector.js';
import { Delivering } from './support/delivering.js';
import { failing, type Script, scriptedSink } from './support/sink.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const hourMs = 3_600_000;

interface Spool {
  isEmpty: boolean;
  bytes: number;
}

const defaultLimits = { sinkDownMs: 0, behindMs: hourMs, notOpenMs: 300_000 };

async function open(script?: Script, limits = defaultLimits) {
  const delivering = await Delivering.open(test.database, scriptedSink(script));
  const { world } = delivering;
  const spool: Spool = { isEmpty: true, bytes: 0 };
  const watch = new Watch({
    ...world,
    spool: {
      get isEmpty() {
        return spool.isEmpty;
      },
      usage: async () => ({ bytes: spool.bytes, roomBytes: 1_000 - spool.bytes }),
    },
    limits,
  });
  const list = (openOnly: boolean) =>
    listAlerts(test.database.orm, {
      instanceId: world.tenant.id,
      openOnly,
      after: '00000000-0000-0000-0000-000000000000',
      limit: 100,
    });
  /** Looks, and reads what came of it into the journal. */
  const look = async () => {
    await watch.look();
    await world.normalise();
    return (await list(true)).map(({ reason }) => reason);
  };
  const recorded = async () =>
    (await world.envelopes()).flatMap(({ content }) =>
      content.kind === 'alert' ? [`${content.reason} ${content.state}`] : [],
    );
  /** The lines of the log that say of this reason that an alert was opened. */
  const openings = (reason: string) =>
    world.logged.filter(
      (line) =>
        line.includes(`"instance":"${world.tenant.id}","reason":"${reason}"`) &&
        line.includes('"msg":"Alert: '),
    );
  /** Delivers until something holds. */
  const deliver = async (holds: () => Promise<boolean>) => {
    const dispatcher = await delivering.dispatcher();
    dispatcher.start();
    await until(async () => {
      await delivering.hurry();
      dispatcher.wake();
      return holds();
    });
    await dispatcher.stop(0);
  };
  return { delivering, world, spool, watch, look, list, recorded, openings, deliver };
}

describe('an alert', () => {
  it('opens when a sink is down, closes when it is back, and reaches that sink as records', async () => {
    const { delivering, look, recorded, openings, deliver, world } = await open(() => failing('unavailable'));
    expect(await look()).toEqual([]);
    await delivering.record({ one: 1 });
    await deliver(async () => (await delivering.sink()).pauses > 1);
    expect(await look()).toEqual(['sink-down']);
    expect(await look()).toEqual(['sink-down']);
    expect(await recorded()).toEqual(['sink-down open']);
    expect(openings('sink-down')).toEqual([expect.stringContaining('Nothing gets through')]);

    delivering.scripted.script = () => undefined;
    await deliver(async () => (await delivering.states()).pending === 0);
    expect(await look()).toEqual([]);
    await deliver(async () => (await delivering.states()).pending === 0);
    expect(await recorded()).toEqual(['sink-down open', 'sink-down closed']);
    const kinds = delivering.scripted.kept.deliveries.map(({ envelope }) => envelope.skeleton.kind);
    expect(kinds.sort()).toEqual(['alert', 'alert', 'message']);
    expect(world.logged.join('')).toContain('An alert was closed');
    const [opening, closing] = (await world.envelopes()).slice(1);
    expect(closing!.skeleton.about).toBe(opening!.skeleton.key);
  });

  it('about a sink that refuses even the alert makes no further ones', async () => {
    const { delivering, look, recorded, openings, deliver } = await open(() => failing('rejected'));
    await delivering.record({ one: 1 });
    for (let round = 0; round < 4; round += 1) {
      await deliver(async () => (await delivering.states()).pending === 0);
      expect(await look()).toEqual(['dead-letters']);
    }
    expect(await recorded()).toEqual(['dead-letters open']);
    expect(openings('dead-letters')).toHaveLength(1);
    expect(await delivering.states()).toEqual({ pending: 0, delivered: 0, dead: 2 });
  });

  it('is opened once when two nodes look at the same time', async () => {
    const { delivering, watch, world, recorded, deliver } = await open(() => failing('rejected'));
    await delivering.record({ one: 1 });
    await deliver(async () => (await delivering.states()).dead === 1);
    await Promise.all([watch.look(), watch.look(), watch.look()]);
    await world.normalise();
    expect(await recorded()).toEqual(['dead-letters open']);
  });

  it('waits for its limit', async () => {
    const limits = { ...defaultLimits, sinkDownMs: hourMs };
    const { delivering, look, deliver } = await open(() => failing('unavailable'), limits);
    await delivering.record({ one: 1 });
    await deliver(async () => (await delivering.sink()).pauses > 1);
    expect(await look()).toEqual([]);
    await test.database.sql`update sinks set failing_since = now() - interval '61 minutes'
      where id = ${delivering.sinkId}`;
    expect(await look()).toEqual(['sink-down']);
  });

  it('says that a sink is behind, also one that an operator has paused and forgotten', async () => {
    const { delivering, look } = await open();
    await delivering.record({ one: 1 });
    await test.database.sql`update sinks set stopped_at = now() where id = ${delivering.sinkId}`;
    await test.database.sql`update records set recorded_at = now() - interval '2 hours'
      where instance_id = ${delivering.world.tenant.id}`;
    expect(await look()).toEqual(['sink-behind']);
    expect((await delivering.sink()).stoppedAt).not.toBeNull();
  });

  it('says which record holds up others, when a sink refuses it for long and takes the rest', async () => {
    const { delivering, world, look, deliver } = await open(({ envelope }) =>
      envelope.skeleton.sequence === 1 ? failing('unavailable') : undefined,
    );
    await delivering.record({ bad: 2, good: 40 });
    await deliver(async () => (await delivering.states()).delivered === 40);
    await delivering.record({ good: 1 });
    await deliver(async () => (await delivering.states()).delivered === 41);
    await test.database.sql`update records set recorded_at = now() - interval '2 hours'
      where instance_id = ${world.tenant.id}`;
    expect(await look()).toEqual(['sink-behind']);
    const [bad] = await delivering.rows();
    expect((await readFigures(test.database.orm)).get(delivering.sinkId)?.held).toMatchObject({
      record: bad?.recordId,
      kind: 'unavailable',
    });
    const details = (await world.envelopes()).flatMap(({ content }) =>
      content.kind === 'alert' ? [content.detail] : [],
    );
    expect(details).toEqual([expect.stringContaining(`It takes others, but not record ${bad?.recordId}`)]);
  });

  it('says that captures wait to be read', async () => {
    const { world, list, watch, look } = await open();
    await world.receive(says(message('m1')));
    await test.database.sql`update captures set received_at = now() - interval '2 hours'
      where instance_id = ${world.tenant.id}`;
    await watch.look();
    expect((await list(true)).map(({ reason }) => reason)).toEqual(['inbox-behind']);
    await world.normalise();
    expect(await look()).toEqual([]);
  });

  it('says that an account is silent, of accounts of which something is expected', async () => {
    const { world, look, recorded, openings } = await open();
    const { orm, sql } = test.database;
    await world.receive(says(message('m1')));
    await world.normalise();
    const age = () => sql`update messages set received_at = now() - interval '2 hours'
      where instance_id = ${world.tenant.id}`;
    await sql`update accounts set created_at = now() - interval '3 days' where id = ${world.account.id}`;
    await age();
    expect(await look()).toEqual([]);
    await expectOfAccount(orm, world.account.id, 60);
    expect(await look()).toEqual(['account-silent']);
    await world.receive(says(message('m2')));
    await world.normalise();
    expect(await look()).toEqual([]);
    expect(await recorded()).toEqual(['account-silent open', 'account-silent closed']);
    expect(openings('account-silent')).toHaveLength(1);
    const [alert] = (await world.envelopes()).filter(({ content }) => content.kind === 'alert');
    expect(alert!.skeleton.account).toBe(world.account.id);
  });

  it('about the spool is put on record also when it was drained before anybody looked again', async () => {
    const { world, spool, look, recorded, openings, watch } = await open();
    spool.isEmpty = false;
    spool.bytes = 100;
    const { sql } = test.database;
    await sql`alter table sinks rename to sinks_away`;
    await expect(watch.look()).rejects.toThrow();
    await expect(watch.look()).rejects.toThrow();
    spool.bytes = 500;
    await expect(watch.look()).rejects.toThrow();
    await sql`alter table sinks_away rename to sinks`;
    expect(world.logged.filter((line) => line.includes('Captures wait in the spool'))).toHaveLength(2);
    spool.isEmpty = true;
    expect(await look()).toEqual(['spool-waiting']);
    expect(await look()).toEqual([]);
    expect(await recorded()).toEqual(['spool-waiting open', 'spool-waiting closed']);
    expect(openings('spool-waiting')).toHaveLength(1);
  });

  it('about the spool of another node is not closed by this one', async () => {
    const { spool, look, world } = await open();
    spool.isEmpty = false;
    expect(await look()).toEqual(['spool-waiting']);
    await test.database.orm
      .update(alerts)
      .set({ subject: world.account.id })
      .where(eq(alerts.instanceId, world.tenant.id));
    spool.isEmpty = true;
    await look();
    expect(await look()).toContain('spool-waiting');
  });
});

describe('what metrics say of sinks', () => {
  it('is their state, lag and dead letters, by id', async () => {
    const { delivering, watch, world, deliver } = await open(({ envelope }) =>
      envelope.skeleton.sequence === 1 ? failing('rejected') : failing('unavailable'),
    );
    await delivering.record({ one: 3 });
    await deliver(async () => (await delivering.sink()).pauses > 0);
    await watch.look();
    const text = await world.metrics.registry.metrics();
    const sink = `sink="${delivering.sinkId}"`;
    expect(text).toContain(`archway_sink_state{${sink},state="down"} 1`);
    expect(text).toContain(`archway_sink_state{${sink},state="open"} 0`);
    expect(text).toContain(`archway_sink_waiting{${sink}} 2`);
    expect(text).toContain(`archway_sink_dead_letters{${sink}} 1`);
    expect(text).toMatch(new RegExp(`archway_sink_lag_seconds\\{${sink}\\} 0\\.\\d+`));
    expect(text).toMatch(/archway_alerts_open\{reason="dead-letters"\} [1-9]/);
  });
});

describe('the figures of a sink', () => {
  it('are right without counting deliveries, also after a replay and after old minutes were added up', async () => {
    const { delivering, deliver } = await open(({ envelope }) =>
      envelope.skeleton.sequence % 3 === 0 ? failing('rejected') : undefined,
    );
    await delivering.record({ one: 9 });
    await deliver(async () => (await delivering.states()).pending === 0);
    await delivering.record({ two: 2 });
    const figures = async () =>
      (await readFigures(test.database.orm, delivering.world.tenant.id)).get(delivering.sinkId)!;
    expect(await figures()).toMatchObject({ pending: 2, delivered: 6, dead: 3, failed: 3, leftOut: 0 });
    expect((await figures()).deliveredPerMinute).toBeGreaterThan(1);
    expect((await figures()).lagSeconds).toBeGreaterThan(0);

    const { sql, orm } = test.database;
    for (let again = 0; again < 2; again += 1) {
      await sql`update sink_outflow set minute = minute - interval '2 hours'
        where sink_id = ${delivering.sinkId} and minute > 'epoch'`;
      await foldOutflow(orm);
    }
    const rows = await sql`select minute from sink_outflow where sink_id = ${delivering.sinkId}`;
    expect(rows).toHaveLength(1);
    expect(await figures()).toMatchObject({ delivered: 6, failed: 3, deliveredPerMinute: 0 });
  });
});
