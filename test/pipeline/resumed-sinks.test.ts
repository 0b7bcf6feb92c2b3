import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { resumeSink, retrySink } from '../../src/db/sinks.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { Delivering, runUntil } from './support/delivering.js';
import { failing, scriptedSink } from './support/sink.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

describe('a sink that asks to wait for an hour', () => {
  const hourMs = 3_600_000;
  const lanesOf = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, 1]));

  it.each([
    ['is resumed', resumeSink],
    ['was changed', retrySink],
  ])('is tried at once, with all that waits for it, when it %s', async (_, end) => {
    let away = true;
    const scripted = scriptedSink(() => (away ? failing('unavailable', hourMs * Math.random()) : undefined));
    const delivering = await Delivering.open(test.database, scripted);
    await delivering.record(lanesOf(8));
    const tried = async () => (await delivering.rows()).every(({ failureKind }) => failureKind !== null);
    await runUntil(delivering, tried, { hurry: false });
    away = false;
    const { database, sinks } = delivering.world;
    await database.orm.transaction((tx) => end(tx, sinks[0]!.id));
    await runUntil(delivering, async () => (await delivering.states()).delivered === 8, { hurry: false });
  });

  it('does not hurry what waits by its own schedule when it is resumed', async () => {
    const delivering = await Delivering.open(
      test.database,
      scriptedSink(({ envelope }) =>
        envelope.skeleton.sequence === 1 ? failing('indeterminate') : undefined,
      ),
    );
    await delivering.record({ one: 1, other: 1 });
    await runUntil(delivering, async () => (await delivering.rows())[0]?.attempts === 1, { hurry: false });
    const dueAt = async () => (await delivering.lanes()).map((lane) => lane.dueAt?.getTime());
    const before = await dueAt();
    const { database, sinks } = delivering.world;
    await database.orm.transaction((tx) => resumeSink(tx, sinks[0]!.id));
    expect(await dueAt()).toEqual(before);
  });
});
