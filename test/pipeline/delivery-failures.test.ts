import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { retryDelaysMs } from '../../src/core/retry-policy.js';
import { replayDeadLetters } from '../../src/db/delivery-queue.js';
import { Failure, type Outcome, type Sink } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { Delivering, runUntil } from './support/delivering.js';
import { failing, type Script, scriptedSink } from './support/sink.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const never = () => new Promise<never>(() => undefined);
const first = (delivering: Delivering) => delivering.rows().then((rows) => rows[0]!);

async function opened(script: Script, sink?: (sink: Sink) => Sink): Promise<Delivering> {
  const scripted = scriptedSink(script);
  if (sink !== undefined) scripted.sink = sink(scripted.sink);
  return Delivering.open(test.database, scripted);
}

/** A sink whose `deliver` is replaced altogether. */
function answering(deliver: () => Promise<Outcome[]>): (sink: Sink) => Sink {
  return (sink) => ({
    ...sink,
    open: async () => ({ deliver, [Symbol.asyncDispose]: async () => undefined }),
  });
}

describe('an outage of the sink', () => {
  it.each(['unavailable', 'auth', 'config', 'throttled', 'indeterminate'] as const)(
    'by %s pauses it, says so, and uses up no attempt however long it lasts',
    async (kind) => {
      const delivering = await opened(() => failing(kind));
      await delivering.record({ one: 3 });
      await runUntil(delivering, async () => (await delivering.sink()).pauses > retryDelaysMs.length + 2);
      expect(await delivering.sink()).toMatchObject({ failureKind: kind, failure: `It is ${kind}.` });
      expect((await delivering.rows()).map(({ state, attempts }) => [state, attempts])).toEqual([
        ['pending', 0],
        ['pending', 0],
        ['pending', 0],
      ]);
      expect(await delivering.attempts()).toEqual([]);
    },
  );

  it('is forgotten with the first success', async () => {
    let away = true;
    const delivering = await opened(() => (away ? failing('unavailable') : undefined));
    await delivering.record({ one: 1 });
    await runUntil(delivering, async () => (await delivering.sink()).pauses > 2);
    away = false;
    await runUntil(delivering, async () => (await delivering.states()).delivered === 1);
    expect(await delivering.sink()).toMatchObject({ pauses: 0, pausedUntil: null, failureKind: null });
  });

  it('that hits many lanes at once is one pause', async () => {
    const delivering = await opened(
      () =>
        new Promise((resolve) => setTimeout(() => resolve(failing('unavailable')), 5 + Math.random() * 200)),
    );
    await delivering.record(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`c${index}`, 1])));
    await runUntil(
      delivering,
      async () =>
        delivering.scripted.kept.calls >= 30 &&
        delivering.scripted.kept.underWay === 0 &&
        (await delivering.lanes()).every(({ leaseHolder }) => leaseHolder === null),
      { hurry: false },
    );
    expect((await delivering.sink()).pauses).toBe(1);
  });

  it('is tried by one lane at a time while it lasts', async () => {
    let calls = 0;
    let underWay = 0;
    let underWayMax = 0;
    const delivering = await opened(async () => {
      calls += 1;
      if (calls === 1) return failing('unavailable');
      underWay += 1;
      underWayMax = Math.max(underWayMax, underWay);
      await new Promise((resolve) => setTimeout(resolve, 20));
      underWay -= 1;
      return failing('unavailable');
    });
    await delivering.record({ one: 1 });
    await runUntil(delivering, async () => (await delivering.sink()).pauses === 1, { hurry: false });
    await delivering.record(Object.fromEntries(Array.from({ length: 30 }, (_, index) => [`c${index}`, 1])));
    await runUntil(delivering, () => calls > 8);
    expect(underWayMax).toBe(1);
  });

  it('with a wish to wait is not cut short by a success that had begun before', async () => {
    let release: () => void = () => undefined;
    const held = new Promise<undefined>((resolve) => {
      release = () => resolve(undefined);
    });
    const delivering = await opened(({ envelope }) =>
      envelope.skeleton.sequence === 1 ? held : failing('throttled', 1_800_000),
    );
    await delivering.record({ slow: 1, throttled: 1 });
    const dispatcher = await delivering.dispatcher();
    dispatcher.start();
    await until(async () => (await delivering.sink()).pausedUntil !== null);
    release();
    await until(async () => (await delivering.states()).delivered === 1);
    await dispatcher.stop(0);
    const { pausedUntil } = await delivering.sink();
    expect(pausedUntil!.getTime() - Date.now()).toBeGreaterThan(1_700_000);
    expect([...delivering.scripted.kept.tries.values()]).toEqual([1, 1]);
  });
});

describe('a record that the sink rejects', () => {
  it('is a dead letter at once, with its reason, and lets those behind it go', async () => {
    const delivering = await opened(({ envelope }) =>
      envelope.skeleton.sequence === 2 ? failing('rejected') : undefined,
    );
    await delivering.record({ one: 4 });
    await runUntil(delivering, async () => (await delivering.states()).pending === 0);
    const rows = await delivering.rows();
    expect(rows.map(({ state }) => state)).toEqual(['delivered', 'dead', 'delivered', 'delivered']);
    expect(rows[1]).toMatchObject({ attempts: 1, failureKind: 'rejected', failure: 'It is rejected.' });
  });

  it('is not the only one that is settled in its turn', async () => {
    const delivering = await opened(({ envelope }) =>
      envelope.skeleton.sequence % 2 === 0 ? failing('rejected') : undefined,
    );
    await delivering.record({ one: 40 });
    await runUntil(delivering, async () => (await delivering.states()).pending === 0, { hurry: false });
    expect(await delivering.states()).toMatchObject({ delivered: 20, dead: 20 });
    expect(delivering.scripted.kept.calls).toBe(1);
    expect(await delivering.attempts()).toHaveLength(20);
  });

  it('may be replayed and rejected again, as often as one likes', async () => {
    const delivering = await opened(() => failing('rejected'));
    await delivering.record({ one: 1 });
    const isDead = async () => (await delivering.states()).dead === 1;
    await runUntil(delivering, isDead);
    for (const times of [2, 3]) {
      const replayed = await test.database.orm.transaction((tx) =>
        replayDeadLetters(tx, { instanceId: delivering.world.tenant.id }),
      );
      expect(replayed).toBe(1);
      expect(await delivering.states()).toMatchObject({ pending: 1 });
      await runUntil(delivering, isDead);
      expect((await delivering.attempts()).map(({ number }) => number)[0]).toBe(times);
    }
    delivering.scripted.script = () => undefined;
    await test.database.orm.transaction((tx) =>
      replayDeadLetters(tx, { instanceId: delivering.world.tenant.id }),
    );
    await runUntil(delivering, async () => (await delivering.states()).delivered === 1);
  });
});

describe('a record whose delivery fails without an answer', () => {
  /** The first conversation never gets an answer; the others do. */
  const firstFails: Script = ({ envelope }) =>
    envelope.skeleton.sequence === 1 ? failing('indeterminate') : undefined;

  it('is tried by the schedule and then is a dead letter, if others get through meanwhile', async () => {
    const delivering = await opened(firstFails);
    await delivering.record({ bad: 1 });
    await runUntil(delivering, async () => {
      if ((await delivering.states()).pending === 1) await delivering.record({ good: 1 });
      return (await first(delivering)).state === 'dead';
    });
    expect(await first(delivering)).toMatchObject({ attempts: retryDelaysMs.length + 1 });
    expect(await delivering.attempts()).toHaveLength(retryDelaysMs.length + 1);
    expect(await delivering.states()).toMatchObject({ dead: 1 });
  });

  it('is no dead letter while it is alone, and then holds up nobody else for long', async () => {
    const delivering = await opened(firstFails);
    await delivering.record({ bad: 1 });
    await runUntil(delivering, async () => (await delivering.sink()).pauses > retryDelaysMs.length + 2);
    expect(await first(delivering)).toMatchObject({ state: 'pending', attempts: 0 });
    await delivering.record({ good: 5 });
    await runUntil(delivering, async () => (await delivering.states()).delivered === 5);
    expect(await first(delivering)).toMatchObject({ state: 'pending' });
  });

  it('holds back those behind it, and new records do not hurry it', async () => {
    const delivering = await opened(firstFails);
    await delivering.record({ bad: 2, good: 1 });
    const isRetried = async () => (await first(delivering)).attempts === 1;
    await runUntil(delivering, isRetried, { hurry: false });
    const lane = (await first(delivering)).lane;
    const dueAt = async () => (await delivering.lanes()).find((each) => each.lane === lane)?.dueAt;
    const before = await dueAt();
    await delivering.record({ bad: 1 });
    expect(await dueAt()).toEqual(before);
    expect(before!.getTime()).toBeGreaterThan(Date.now());
    expect(delivering.scripted.kept.tries.size).toBe(2);
  });
});

describe('a record that the sink cannot take while it takes others', () => {
  it.each(['unavailable', 'auth', 'config'] as const)(
    'by %s waits without using up attempts, and holds up no other conversation',
    async (kind) => {
      const delivering = await opened(({ envelope }) =>
        envelope.skeleton.sequence === 1 ? failing(kind) : undefined,
      );
      await delivering.record({ bad: 2, good: 40 });
      await runUntil(delivering, async () => (await delivering.states()).delivered === 40);
      await delivering.record({ good: 1 });
      await runUntil(delivering, async () => (await delivering.states()).delivered === 41);
      expect(await first(delivering)).toMatchObject({ state: 'pending', attempts: 0, failureKind: kind });
      delivering.scripted.script = () => undefined;
      await runUntil(delivering, async () => (await delivering.states()).delivered === 43);
    },
  );
});

describe('a sink that does not keep its contract', () => {
  const evidence = { locator: 'here', sha256: 'a'.repeat(64), storedAt: new Date().toISOString() };
  const bad = (given: object): Outcome[] => [{ ok: true, evidence: { ...evidence, ...given } }];
  const answers: [string, () => Promise<Outcome[]>][] = [
    ['no outcome', async () => []],
    ['nothing', async () => undefined as unknown as Outcome[]],
    ['an outcome that is none', async () => [{}] as Outcome[]],
    ['evidence without a digest', async () => bad({ sha256: 'none' })],
    ['evidence with no time', async () => bad({ storedAt: 'yesterday' })],
    ['a failure that is none', async () => [{ ok: false, failure: 'no' as unknown as Failure }]],
    ['an error', () => Promise.reject(new Error('the text was: sell'))],
    ['never', never],
  ];

  it.each(answers)('by answering %s has failed and is seen', async (_, answer) => {
    const delivering = await opened(() => undefined, answering(answer));
    await delivering.record({ one: 1 });
    const options = { deliverTimeoutMs: 50, abandonMs: 50 };
    const hasFailed = async () => (await first(delivering)).failureKind !== null;
    await runUntil(delivering, hasFailed, { hurry: false, options });
    expect(await first(delivering)).toMatchObject({ state: 'pending', failureKind: 'indeterminate' });
    expect(delivering.world.logged.join('')).not.toContain('sell');
  });

  it('in what it says of a failure does not spoil the deliveries of others', async () => {
    const delivering = await opened(({ envelope }) =>
      envelope.skeleton.sequence === 1
        ? new Failure('rejected', 'a NUL \0 and half a \ud83d', { retryAfterMs: Number.NaN })
        : undefined,
    );
    await delivering.record({ one: 1, two: 1, three: 1 });
    await runUntil(delivering, async () => (await delivering.states()).pending === 0);
    expect(await delivering.states()).toMatchObject({ delivered: 2, dead: 1 });
    expect((await first(delivering)).failure).toBe('a NUL \uFFFD and half a \uFFFD');
  });

  it.each([['indeterminate'], ['unavailable']] as const)(
    'asking to wait NaN (%s) still waits',
    async (kind) => {
      const delivering = await opened(() => failing(kind, Number.NaN));
      await delivering.record({ one: 1 });
      await runUntil(delivering, async () => (await delivering.sink()).pauses === 1, { hurry: false });
      expect((await delivering.lanes()).every(({ leaseHolder }) => leaseHolder === null)).toBe(true);
    },
  );

  it('by failing to open with an error of its own uses up no attempt', async () => {
    const delivering = await opened(
      () => undefined,
      (sink) => {
        let trial = true;
        return {
          ...sink,
          open: async (settings, context) => {
            if (!trial) throw new TypeError('connect ECONNREFUSED');
            trial = false;
            return sink.open(settings, context);
          },
        };
      },
    );
    await delivering.record({ one: 1 });
    await runUntil(delivering, async () => (await delivering.sink()).pauses > retryDelaysMs.length + 2);
    expect(await first(delivering)).toMatchObject({ state: 'pending', attempts: 0 });
  });
});

describe('a record over which the sink throws every time', () => {
  it('is the only dead letter of its conversation', async () => {
    const delivering = await opened(({ envelope }) => {
      if (envelope.skeleton.sequence === 4) throw new Error('oops');
      return undefined;
    });
    await delivering.record({ one: 6 });
    await runUntil(delivering, async () => {
      const [, , , fourth] = await delivering.rows();
      if (fourth!.state === 'dead') return (await delivering.states()).pending === 0;
      // Others get through meanwhile, so it is not the sink that is away.
      if ((await delivering.states()).pending <= 3) await delivering.record({ two: 1 });
      return false;
    });
    const states = (await delivering.rows()).slice(0, 6).map(({ state }) => state);
    expect(states).toEqual(['delivered', 'delivered', 'delivered', 'dead', 'delivered', 'delivered']);
  });
});

describe('a record that cannot be read any more', () => {
  it.each([
    ['damaged', 'set_byte(sealed_content, 60, get_byte(sealed_content, 60) # 1)'],
    ['erased', 'null'],
  ])('because it was %s is a dead letter; those around it are delivered', async (_, change) => {
    const delivering = await opened(() => undefined);
    await delivering.record({ one: 3 });
    await test.database.sql.unsafe(
      `update records set sealed_content = ${change} where instance_id = $1 and sequence = 2`,
      [delivering.world.tenant.id],
    );
    await runUntil(delivering, async () => (await delivering.states()).pending === 0);
    expect((await delivering.rows()).map(({ state }) => state)).toEqual(['delivered', 'dead', 'delivered']);
  });
});

describe('stopping in the middle of a delivery', () => {
  it.each(['that heeds its signal', 'that hangs'])(
    'to a sink %s leaves it due again and counts no attempt',
    async (name) => {
      const hang: Script = () => (name === 'that hangs' ? never() : heedful());
      let signalled: () => void = () => undefined;
      const heedful = () =>
        new Promise<Failure>((resolve) => {
          signalled = () => resolve(failing('indeterminate'));
        });
      const delivering = await opened(hang);
      await delivering.record({ one: 2 });
      const dispatcher = await delivering.dispatcher({ abandonMs: 100 });
      dispatcher.start();
      await until(() => delivering.scripted.kept.underWay === 1);
      const stopping = dispatcher.stop(20);
      setTimeout(() => signalled(), 60);
      await stopping;

      expect((await delivering.rows()).map(({ state, attempts }) => [state, attempts])).toEqual([
        ['pending', 0],
        ['pending', 0],
      ]);
      const [lane] = await delivering.lanes();
      expect(lane).toMatchObject({ leaseHolder: null });
      expect(lane!.dueAt!.getTime()).toBeLessThanOrEqual(Date.now() + 1);
      expect(delivering.scripted.kept.disposed).toBeGreaterThan(0);

      delivering.scripted.script = () => undefined;
      await runUntil(delivering, async () => (await delivering.states()).delivered === 2);
    },
  );
});
