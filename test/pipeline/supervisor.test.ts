import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { resumeSink, stopSink } from '../../src/db/sinks.js';
import { addSink, changeSink, readSinks, trySink } from '../../src/domain/sinks.js';
import { Tenants } from '../../src/domain/tenants.js';
import { AccountDirectory } from '../../src/pipeline/account-directory.js';
import { Ingest } from '../../src/pipeline/ingest.js';
import { Spool } from '../../src/pipeline/spool.js';
import { Supervisor } from '../../src/pipeline/supervisor.js';
import { type Sink, z } from '../../src/sdk/index.js';
import { openTestDatabase, type TestDatabase } from '../support/database.js';
import { until } from '../support/until.js';
import { message, says } from './support/connector.js';
import { scriptedSink } from './support/sink.js';
import { masterKey, World } from './support/world.js';

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

  it('takes over the changed settings of a sink, and closes what had the old ones', async () => {
    const opened: unknown[] = [];
    const scripted = scriptedSink();
    const settings = z.looseObject({});
    const sink: Sink = {
      ...scripted.sink,
      settings,
      open: (given, context) => {
        opened.push(given);
        return scripted.sink.open(given, context);
      },
    };
    const world = await World.open(test.database, { sinks: [sink] });
    const { supervisor, accept } = await start(world);
    await accept('m1');
    await until(() => scripted.kept.objects.size === 1);
    const disposedBefore = scripted.kept.disposed;
    const change = async (given: Record<string, unknown>) => {
      const [current] = await readSinks(test.database.orm, world.tenant, world.registry);
      const tried = { type: sink, name: 'changed', settings: given };
      await changeSink(test.database.orm, world.tenant, current!, tried, null);
      await supervisor.refresh();
    };
    await change({ place: 'new' });
    await change({ place: 'new' });
    await accept('m2');
    await until(() => scripted.kept.objects.size === 2);
    await until(() => scripted.kept.disposed === disposedBefore + 1);
    expect(opened.slice(-2)).toEqual([{}, { place: 'new' }]);
    await supervisor.stop();
  });

  it('delivers nothing to a sink that an operator has paused, over a restart too, until it is resumed', async () => {
    const scripted = scriptedSink();
    const world = await World.open(test.database, { sinks: [scripted.sink] });
    const sinkId = world.sinks[0]!.id;
    await stopSink(test.database.orm, sinkId);
    for (const key of ['m1', 'm2']) {
      const { supervisor, accept } = await start(world);
      await accept(key);
      await until(async () =>
        (await world.envelopes()).some(({ content }) => 'key' in content && content.key === key),
      );
      await new Promise((resolve) => setTimeout(resolve, 100));
      await supervisor.stop();
      expect(scripted.kept.calls).toBe(0);
    }
    const { supervisor } = await start(world);
    await resumeSink(test.database.orm, sinkId);
    await until(() => scripted.kept.objects.size === 2);
    await supervisor.stop();
  });

  it('goes on with the other instances when one cannot be read', async () => {
    const broken = await World.open(test.database, { sinks: [scriptedSink().sink] });
    const scripted = scriptedSink();
    const world = await World.open(test.database, { sinks: [scripted.sink] });
    const { supervisor, accept } = await start(world);
    const { sql } = test.database;
    const instanceId = broken.tenant.id;
    await sql`update instances set wrapped_key = set_byte(wrapped_key, 30, get_byte(wrapped_key, 30) # 1)
      where id = ${instanceId}`;
    // A process that has not opened that instance before.
    const tenants = new Tenants(test.database, masterKey);
    const directory = new AccountDirectory(test.database, tenants, world.registry, world.log);
    await directory.refresh();
    expect(directory.get(world.account.id)).toBeDefined();
    expect(directory.get(broken.account.id)).toBeUndefined();
    expect(world.logged.join('')).toContain('The accounts of an instance cannot be read.');
    expect((await tenants.find(world.tenant.name))?.id).toBe(world.tenant.id);
    await expect(tenants.list()).rejects.toThrow();

    await sql`update sinks set sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)
      where instance_id = ${instanceId}`;
    await sql`update accounts set sealed = set_byte(sealed, 30, get_byte(sealed, 30) # 1)
      where instance_id = ${instanceId}`;
    const refreshed = supervisor.refreshed;
    await supervisor.refresh();
    expect(supervisor.refreshed).toBeGreaterThan(refreshed);
    await accept('m1');
    await until(() => scripted.kept.objects.size === 1);
    await supervisor.stop();
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
