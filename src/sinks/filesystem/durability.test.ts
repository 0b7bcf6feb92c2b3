import fs from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sampleDeliveries } from 'archway/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EnvelopeKeeper } from './envelope-keeper.js';
import { placeOf } from './layout.js';
import { openSink } from './open-sink.js';

/** What a power cut would leave is decided by the order of these. */
type Step = { readonly what: 'synced' | 'named'; readonly path: string; readonly from?: string };

let base: string;
let directory: string;
let steps: Step[];

/** Notes each sync and each new name, in the order in which they were finished. */
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'archway-durability-'));
  directory = join(base, 'new', 'archive');
  steps = [];
  const handle = await open(base, 'r');
  const prototype = Object.getPrototypeOf(handle);
  await handle.close();
  const syncHandle = prototype.sync;
  vi.spyOn(prototype, 'sync').mockImplementation(async function (this: { fd: number }) {
    const path = pathOf(this.fd);
    await syncHandle.call(this);
    steps.push({ what: 'synced', path });
  });
  const { fsync, linkSync } = fs;
  vi.spyOn(fs, 'fsync').mockImplementation((file, done) => {
    const path = pathOf(file);
    fsync(file, (error) => {
      steps.push({ what: 'synced', path });
      done(error);
    });
  });
  vi.spyOn(fs, 'linkSync').mockImplementation((from, to) => {
    linkSync(from, to);
    steps.push({ what: 'named', path: String(to), from: String(from) });
  });
});

const pathOf = (file: number) => fs.readlinkSync(`/proc/self/fd/${file}`);

/** The sink with its keeper in this thread, where its calls can be watched. */
const openHere = () => openSink({ directory }, { now: () => new Date() }, (task) => new EnvelopeKeeper(task));

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(base, { recursive: true });
});

function positionOf(what: Step['what'], path: string, after = -1): number {
  return steps.findIndex((step, index) => index > after && step.what === what && step.path === path);
}

// Names of open files are read from /proc.
describe.runIf(process.platform === 'linux')('evidence', () => {
  test('comes after the bytes, the name and every folder above it are synced', async () => {
    const sink = await openHere();
    const deliveries = sampleDeliveries({ count: 12, conversations: 3 });
    await sink.deliver(deliveries, new AbortController().signal);
    for (const { envelope } of deliveries) {
      const path = join(directory, placeOf(envelope).locator);
      const named = positionOf('named', path);
      const synced = positionOf('synced', steps[named]?.from ?? '');
      expect(synced, 'the bytes are synced before they get their name').toBeGreaterThanOrEqual(0);
      expect(synced).toBeLessThan(named);
      expect(positionOf('synced', dirname(path), named), 'the name is synced').toBeGreaterThan(named);
      for (let folder = dirname(dirname(path)); folder !== dirname(base); folder = dirname(folder)) {
        expect(positionOf('synced', folder), `${folder} is synced`).toBeGreaterThanOrEqual(0);
      }
    }
    await sink[Symbol.asyncDispose]();
  });

  test('costs one sync a folder and batch, not one a file', async () => {
    const sink = await openHere();
    const deliveries = sampleDeliveries({ count: 30, conversations: 1 });
    await sink.deliver(deliveries, new AbortController().signal);
    const folder = dirname(join(directory, placeOf(deliveries[0]!.envelope).locator));
    expect(steps.filter((step) => step.what === 'synced' && step.path === folder)).toHaveLength(1);
    await sink[Symbol.asyncDispose]();
  });

  test('names the envelopes of a conversation in their order', async () => {
    const sink = await openHere();
    const deliveries = sampleDeliveries({ count: 60, conversations: 2 });
    await sink.deliver(deliveries, new AbortController().signal);
    for (const conversation of new Set(deliveries.map(({ envelope }) => envelope.skeleton.conversation))) {
      const expected = deliveries
        .filter(({ envelope }) => envelope.skeleton.conversation === conversation)
        .map(({ envelope }) => join(directory, placeOf(envelope).locator));
      const folder = dirname(expected[0]!);
      expect(steps.filter((step) => step.what === 'named' && dirname(step.path) === folder)).toMatchObject(
        expected.map((path) => ({ path })),
      );
    }
    await sink[Symbol.asyncDispose]();
  });

  test('for what a dead process left unsynced comes after syncing it', async () => {
    const deliveries = sampleDeliveries({ count: 1 });
    const path = join(directory, placeOf(deliveries[0]!.envelope).locator);
    fs.mkdirSync(dirname(path), { recursive: true });
    fs.writeFileSync(path, deliveries[0]!.bytes);
    const sink = await openHere();
    const [outcome] = await sink.deliver(deliveries, new AbortController().signal);
    expect(outcome?.ok).toBe(true);
    expect(positionOf('synced', path)).toBeGreaterThanOrEqual(0);
    for (let folder = dirname(path); folder !== dirname(directory); folder = dirname(folder)) {
      expect(positionOf('synced', folder), `${folder} is synced`).toBeGreaterThanOrEqual(0);
    }
    await sink[Symbol.asyncDispose]();
  });
});
