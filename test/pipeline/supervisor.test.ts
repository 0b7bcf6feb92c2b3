import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { addSink, trySink } from '../../src/domain/sinks.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import { Spool } from '../../src/pipeline/spool.js';
import { Supervisor } from '../../src/pipeline/supervisor.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says } from './support/connector.js';
import { scriptedSink } from './support/sink.js';
import { World } from './support/world.js';

let test: TestDatabase;
let directory: string;
beforeAll(async () => {
  test = await openTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'archway-supervisor-'));
});
afterEach(() => rm(directory, { recursive: true }));

async function start(world: World) {
  const spool = await Spool.open({ directory, freeMinBytes: 0 });
  const ingest = new Ingest({ ...world, spool });
  const supervisor = new Supervisor({ ...world, ingest, node: world.node });
  await supervisor.start();
  const accept = (key: string) =>
    ingest.accept(world.tenant.vault, world.capture(JSON.stringify(says(message(key)))));
  return { supervisor, accept };
}

describe('the pipeline as a whole', () => {
  it('brings what is accepted to every sink, each record once and in order', async () => {
    const [one, two] = [scriptedSink(), scriptedSink(undefined, 'second-sink')];
    const world = await World.open(test.database, { sinks: [one.sink, two.sink] });
    const { supervisor, accept } = await start(world);
    const keys = Array.from({ length: 60 }, (_, index) => `m${index}`);
    await Promise.all(keys.map(accept));
    await until(() => one.kept.objects.size === 60 && two.kept.objects.size === 60);
    await supervisor.stop();
    for (const { kept } of [one, two]) {
      const delivered = kept.deliveries.map(
        ({ envelope: { content } }) => content.kind === 'message' && content.key,
      );
      expect(delivered).toEqual(keys);
      expect(kept.disposed).toBeGreaterThan(0);
    }
  });

  it('takes over a sink that is added while it runs', async () => {
    const first = scriptedSink();
    const world = await World.open(test.database, { sinks: [first.sink] });
    const { supervisor, accept } = await start(world);
    const request = { type: first.sink.id, name: 'later', settings: {} };
    const added = await addSink(test.database.orm, world.tenant, await trySink(world.registry, request));
    await supervisor.refresh();
    await accept('m1');
    await until(() => [...first.kept.objects.keys()].some((key) => key.endsWith(`/${added.id}`)));
    await supervisor.stop();
    expect(first.kept.objects.size).toBe(2);
  });

  it('takes up at its start what the same node had in hand when it died', async () => {
    const scripted = scriptedSink();
    const world = await World.open(test.database, { sinks: [scripted.sink] });
    await world.receive(says(message('m1')));
    await world.normalise();
    await test.database.sql`
      update lanes set lease_holder = ${world.node}, leased_until = now() + interval '1 hour'
      where instance_id = ${world.tenant.id}`;
    const { supervisor } = await start(world);
    await until(() => scripted.kept.objects.size === 1);
    await supervisor.stop();
  });

  it('leaves alone what another node has in hand', async () => {
    const scripted = scriptedSink();
    const world = await World.open(test.database, { sinks: [scripted.sink] });
    await world.receive(says(message('m1')));
    await world.normalise();
    await test.database.sql`
      update lanes set lease_holder = ${newId()}, leased_until = now() + interval '1 hour'
      where instance_id = ${world.tenant.id}`;
    const { supervisor, accept } = await start(world);
    await accept('m2');
    await until(async () => (await world.envelopes()).length === 2);
    await supervisor.stop();
    expect(scripted.kept.objects.size).toBe(0);
  });
});
