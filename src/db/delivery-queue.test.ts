import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Delivering } from '../../test/pipeline/support/delivering.js';
import { openTestDatabase, type TestDatabase } from '../../test/support/database.js';
import { databaseServer } from '../../test/support/database-server.js';
import { newId } from '../core/ids.js';
import {
  claimLanes,
  type DeliveryRow,
  enqueueDeliveries,
  listDeadLetters,
  type NewDelivery,
  readPending,
  releaseLanes,
  releaseLanesOf,
  replayDeadLetters,
  storeEvidence,
  storeFailedTries,
} from './delivery-queue.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

/** A sink with records in lanes of which nothing was delivered yet. */
async function open(perConversation: Record<string, number> = { one: 2 }) {
  const delivering = await Delivering.open(test.database);
  await delivering.record(perConversation);
  const { orm } = test.database;
  const { sinkId } = delivering;
  const claim = (holder: string, limit = 100, leaseMs = 60_000) =>
    claimLanes(orm, { sinkId, holder, active: [], limit, leaseMs });
  const release = (holder: string, lanes: readonly string[], retryInMs = 0) =>
    orm.transaction((tx) =>
      releaseLanes(tx, { sinkId, holder, lanes: lanes.map((lane) => ({ lane, retryInMs })) }),
    );
  return { delivering, orm, sinkId, claim, release };
}

const evidenceOf = ({ id, instanceId }: DeliveryRow) => ({
  deliveryId: id,
  instanceId,
  sealed: Buffer.from('x'),
  sha256: Buffer.alloc(32),
  storedAt: new Date(),
});

/** A second delivery for the lane of a row, as a new record of its conversation would bring it. */
async function another(delivering: Delivering, { lane }: DeliveryRow): Promise<NewDelivery> {
  const { instanceId, sinkId } = (await delivering.rows())[0]!;
  const [record] = await test.database.sql`
    insert into records select (json_populate_record(records, json_build_object(
      'id', ${newId()}::text, 'sequence', 900 + floor(random() * 1e9), 'event_key', ${newId()}::text))).*
    from records where instance_id = ${instanceId} limit 1 returning id, sequence`;
  const { id: recordId, sequence } = record as unknown as { id: string; sequence: string };
  const changedAt = new Date();
  return {
    id: newId(),
    instanceId,
    sinkId,
    recordId,
    sequence: Number(sequence),
    lane,
    state: 'pending',
    changedAt,
  };
}

describe('lanes', () => {
  it('are claimed by one holder at a time, the one that is due the longest first', async () => {
    const { claim, sinkId } = await open({ one: 1, two: 1, three: 1 });
    const [one, two] = [newId(), newId()];
    const rows = await test.database.sql`select lane from lanes where sink_id = ${sinkId} order by lane desc`;
    for (const [index, { lane }] of rows.entries()) {
      await test.database.sql`
        update lanes set due_at = now() - ${10 - index} * interval '1 minute'
        where sink_id = ${sinkId} and lane = ${lane}`;
    }
    const lanes = rows.map(({ lane }) => lane as string);
    expect(await claim(one, 1)).toEqual(lanes.slice(0, 1));
    expect(new Set(await claim(two))).toEqual(new Set(lanes.slice(1)));
    expect(await claim(newId())).toEqual([]);
  });

  it('are claimed again at once by their own holder, but for those that it delivers from', async () => {
    const { claim, orm, sinkId } = await open({ one: 1 });
    const holder = newId();
    const lanes = await claim(holder);
    const again = (active: string[]) =>
      claimLanes(orm, { sinkId, holder, active, limit: 10, leaseMs: 60_000 });
    expect(await again(lanes)).toEqual([]);
    expect(await again([])).toEqual(lanes);
  });

  it('are claimed once by ten who claim at the same time', async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, index) => [`c${index}`, 1]));
    const { claim } = await open(many);
    const claimed = (await Promise.all(Array.from({ length: 10 }, () => claim(newId(), 10)))).flat();
    expect(new Set(claimed).size).toBe(claimed.length);
    expect(claimed.length).toBeGreaterThan(0);
  });

  it('are claimable again when the lease ends, or when the node gives back what it held', async () => {
    const { claim } = await open();
    const [one, two] = [newId(), newId()];
    const lanes = await claim(one, 10, -1_000);
    expect(await claim(two)).toEqual(lanes);
    expect(await claim(one)).toEqual([]);
    await releaseLanesOf(test.database.orm, two);
    expect(await claim(one)).toEqual(lanes);
  });

  it('of a paused sink are not claimed', async () => {
    const { claim, sinkId } = await open();
    await test.database.sql`update sinks set paused_until = now() + interval '1 minute' where id = ${sinkId}`;
    expect(await claim(newId())).toEqual([]);
  });

  it('give their deliveries in the order of the journal, at most as many as asked for', async () => {
    const { claim, orm, sinkId } = await open({ one: 5, two: 3 });
    const lanes = await claim(newId());
    const pending = await readPending(orm, { sinkId, lanes, perLaneMax: 4 });
    const sequences = [...pending.values()].map((rows) => rows.map(({ sequence }) => sequence));
    expect(sequences.map((each) => each.length).sort()).toEqual([3, 4]);
    for (const each of sequences) expect(each).toEqual([...each].sort((left, right) => left - right));
  });
});

describe('a lane that is given back', () => {
  it('is due at once, or after a while, when something waits; else not at all', async () => {
    const { claim, release, delivering, orm } = await open();
    const holder = newId();
    const lanes = await claim(holder);
    await release(holder, lanes, 3_600_000);
    expect(await claim(holder)).toEqual([]);
    expect((await delivering.lanes())[0]?.dueAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
    await delivering.hurry();
    await claim(holder);
    await release(holder, lanes);
    expect(await claim(holder)).toEqual(lanes);
    const rows = await delivering.rows();
    await orm.transaction((tx) => storeEvidence(tx, rows.map(evidenceOf)));
    await release(holder, lanes);
    expect(await delivering.lanes()).toMatchObject([{ dueAt: null, leaseHolder: null }]);
  });

  it('is left alone when another holder has it by now', async () => {
    const { claim, release } = await open();
    const [one, two] = [newId(), newId()];
    const lanes = await claim(one, 10, -1_000);
    await claim(two);
    await release(one, lanes);
    expect(await claim(one)).toEqual([]);
  });
});

/** Two transactions at once need two sessions. */
describe.skipIf(databaseServer === undefined)('a record beside a release (Postgres)', () => {
  it.each(['the record first', 'the release first'])('is never forgotten: %s', async (first) => {
    const { claim, release, delivering, orm } = await open({ one: 1 });
    const holder = newId();
    const lanes = await claim(holder);
    const [row] = await delivering.rows();
    const added = await another(delivering, row!);
    await orm.transaction((tx) => storeEvidence(tx, [evidenceOf(row!)]));

    let proceed: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    let reached: () => void = () => undefined;
    const there = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const enqueue = () => orm.transaction((tx) => enqueueDeliveries(tx, [added]));
    const holding = orm.transaction(async (tx) => {
      if (first === 'the record first') await enqueueDeliveries(tx, [added]);
      else
        await releaseLanes(tx, { sinkId: row!.sinkId, holder, lanes: [{ lane: row!.lane, retryInMs: 0 }] });
      reached();
      await held;
    });
    await there;
    const other = first === 'the record first' ? release(holder, lanes) : enqueue();
    await new Promise((resolve) => setTimeout(resolve, 100));
    proceed();
    await Promise.all([holding, other]);
    expect(await claim(newId())).toEqual(lanes);
  });
});

describe('what became of a delivery', () => {
  it('stays delivered when a slower node reports a failure of it later', async () => {
    const { delivering, orm } = await open({ one: 1 });
    const [row] = await delivering.rows();
    await orm.transaction((tx) => storeEvidence(tx, [evidenceOf(row!)]));
    const failed = { delivery: row!, failureKind: 'indeterminate', failure: 'late', effect: 'dead' } as const;
    await orm.transaction((tx) => storeFailedTries(tx, [failed]));
    expect(await delivering.rows()).toMatchObject([{ state: 'delivered', attempts: 1, failure: null }]);
    await orm.transaction((tx) => storeEvidence(tx, [evidenceOf(row!)]));
    expect(await delivering.rows()).toMatchObject([{ state: 'delivered', attempts: 1 }]);
  });

  it('as a dead letter is listed, and replayed by itself, by its instance only', async () => {
    const { delivering, orm } = await open({ one: 2 });
    const rows = await delivering.rows();
    for (const delivery of rows) {
      const failed = { delivery, failureKind: 'rejected', failure: 'no', effect: 'dead' } as const;
      await orm.transaction((tx) => storeFailedTries(tx, [failed]));
    }
    const instanceId = delivering.world.tenant.id;
    const page = { instanceId, after: '00000000-0000-0000-0000-000000000000', limit: 10 };
    expect((await listDeadLetters(orm, page)).map(({ id }) => id).sort()).toEqual(
      rows.map(({ id }) => id).sort(),
    );
    const replay = (given: Parameters<typeof replayDeadLetters>[1]) =>
      orm.transaction((tx) => replayDeadLetters(tx, given));
    expect(await replay({ instanceId: newId() })).toBe(0);
    expect(await replay({ instanceId, ids: [rows[1]!.id] })).toBe(1);
    expect((await delivering.rows()).map(({ state, attempts }) => [state, attempts])).toEqual([
      ['dead', 1],
      ['pending', 0],
    ]);
    expect((await delivering.lanes()).every(({ dueAt }) => dueAt !== null)).toBe(true);
  });
});
