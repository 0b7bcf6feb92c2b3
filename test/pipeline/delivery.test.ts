import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDeliveries } from '../../src/db/delivery-queue.js';
import { openEvidence } from '../../src/domain/evidence.js';
import type { Failure } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { Delivering } from './support/delivering.js';
import { failing, type Kept, type Script, scriptedSink } from './support/sink.js';

let test: TestDatabase;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());

const conversations = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`c${index}`, 8]));
const total = 40 * 8;

/** Delivers everything that waits, letting each retry and pause end at once. */
async function deliverAll(delivering: Delivering): Promise<void> {
  const dispatcher = await delivering.dispatcher();
  dispatcher.start();
  await until(async () => {
    await delivering.hurry();
    dispatcher.wake();
    return (await delivering.states()).pending === 0;
  });
  await dispatcher.stop(5_000);
}

function expectOrder(kept: Kept): void {
  const last = new Map<string, number>();
  for (const { envelope } of kept.deliveries) {
    const conversation = envelope.skeleton.conversation as string;
    expect(envelope.skeleton.sequence).toBeGreaterThan(last.get(conversation) ?? 0);
    last.set(conversation, envelope.skeleton.sequence);
  }
}

const slow = () => new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 3));
let calls = 0;
/** Every tenth record at its first try. */
const atFirst =
  (fail: () => Failure): Script =>
  ({ envelope }, tries) =>
    envelope.skeleton.sequence % 10 === 0 && tries === 1 ? fail() : undefined;
const scripts: [string, Script][] = [
  ['takes everything', () => undefined],
  ['is slow', slow],
  ['fails one in ten', atFirst(() => failing('indeterminate'))],
  ['is unavailable one time in ten', atFirst(() => failing('unavailable'))],
  ['throttles one time in ten', atFirst(() => failing('throttled', 30_000))],
  ['was misconfigured for a while', () => (++calls < 30 ? failing('config') : undefined)],
  [
    'throws one time in ten',
    atFirst(() => {
      throw new Error('oops');
    }),
  ],
];

describe('a sink', () => {
  it.each(scripts)('that %s ends with everything once and in order', async (_, script) => {
    calls = 0;
    const delivering = await Delivering.open(test.database, scriptedSink(script));
    await delivering.record(conversations);
    await deliverAll(delivering);

    const { kept } = delivering.scripted;
    expect(await delivering.states()).toEqual({ pending: 0, delivered: total, dead: 0 });
    expect(kept.objects.size).toBe(total);
    expect(kept.altered).toBe(0);
    expectOrder(kept);
  });

  it('gets each conversation one call at a time, and several conversations side by side', async () => {
    const delivering = await Delivering.open(test.database, scriptedSink(slow));
    await delivering.record(conversations);
    await deliverAll(delivering);
    expect(delivering.scripted.kept.underWayMax).toBeGreaterThan(1);
    expect(delivering.scripted.kept.underWayMax).toBeLessThanOrEqual(32);
  });

  it('leaves its evidence with each delivery', async () => {
    const delivering = await Delivering.open(test.database);
    await delivering.record({ one: 1 });
    await deliverAll(delivering);
    const [row] = await delivering.rows();
    const [{ evidence } = { evidence: null }] = await readDeliveries(test.database.orm, [row!.recordId]);
    const opened = openEvidence(delivering.world.tenant.vault, row!.id, evidence!.sealed);
    expect(opened.locator).toBe(`${row!.recordId}/${row!.sinkId}`);
    expect(Buffer.from(evidence!.sha256).toString('hex')).toBe(opened.sha256);
    expect(row!.attempts).toBe(1);
  });
});

describe('a new sink', () => {
  it('gets the records that are made from now on', async () => {
    const delivering = await Delivering.open(test.database);
    await delivering.record({ one: 3 });
    await deliverAll(delivering);
    await delivering.record({ one: 2 });
    await deliverAll(delivering);
    const sequences = delivering.scripted.kept.deliveries.map(({ envelope }) => envelope.skeleton.sequence);
    expect(sequences).toEqual([1, 2, 3, 4, 5]);
  });
});
