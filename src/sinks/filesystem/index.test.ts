import fs from 'node:fs';
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Delivery, Evidence, OpenSink } from 'archway/sdk';
import { deliveryOf, sampleDeliveries } from 'archway/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EnvelopeKeeper } from './envelope-keeper.js';
import filesystem from './index.js';
import type { KeeperTask } from './keeper-messages.js';
import { placeOf } from './layout.js';
import { openSink } from './open-sink.js';
import { incomingFolder } from './write-once.js';

let base: string;
let directory: string;
let sink: OpenSink;

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'archway-filesystem-'));
  directory = join(base, 'archive');
  sink = await filesystem.open({ directory }, { now: () => new Date('2026-11-23T10:00:00.000Z') });
});

afterEach(async () => {
  vi.restoreAllMocks();
  await sink[Symbol.asyncDispose]();
  await rm(base, { recursive: true });
});

function deliver(deliveries: readonly Delivery[]) {
  return sink.deliver(deliveries, new AbortController().signal);
}

async function keepOne(): Promise<{ delivery: Delivery; evidence: Evidence; path: string }> {
  const [delivery] = sampleDeliveries() as [Delivery];
  const [outcome] = await deliver([delivery]);
  if (outcome?.ok !== true) throw new Error('The sample was not kept.');
  return { delivery, evidence: outcome.evidence, path: join(directory, outcome.evidence.locator) };
}

/** Lets writing fail as a full disk does, for every envelope with this sequence number. */
function failWriting(sequence: number) {
  const write = fs.writeSync as (file: number, bytes: Uint8Array, ...rest: unknown[]) => number;
  vi.spyOn(fs, 'writeSync').mockImplementation(((file: number, bytes: Uint8Array, ...rest: unknown[]) => {
    if (JSON.parse(Buffer.from(bytes).toString()).skeleton?.sequence === sequence) {
      throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
    }
    return write(file, bytes, ...rest);
  }) as typeof fs.writeSync);
}

describe('delivering', () => {
  test('gives evidence that leads to the bytes', async () => {
    const { delivery, evidence, path } = await keepOne();
    expect(await readFile(path)).toEqual(Buffer.from(delivery.bytes));
    expect(evidence).toEqual({
      locator: placeOf(delivery.envelope).locator,
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      storedAt: '2026-11-23T10:00:00.000Z',
    });
    expect(await readdir(join(directory, incomingFolder))).toEqual([]);
  });

  test('refuses other bytes for the same record for good, and goes on with its conversation', async () => {
    const [first, second] = sampleDeliveries({ count: 2 }) as [Delivery, Delivery];
    await deliver([first]);
    const content = { ...first.envelope.content, channel: 'mms' } as typeof first.envelope.content;
    const [outcome, next] = await deliver([deliveryOf({ ...first.envelope, content }), second]);
    expect(outcome).toMatchObject({ ok: false, failure: { kind: 'rejected' } });
    expect(next?.ok).toBe(true);
  });

  test('holds back what is newer in a conversation when the disk is full for one, and nothing else', async () => {
    const deliveries = sampleDeliveries({ count: 6, conversations: 2 });
    await sink[Symbol.asyncDispose]();
    // In this thread, where its calls can be made to fail.
    const inThread = (task: KeeperTask) => new EnvelopeKeeper(task);
    sink = await openSink({ directory }, { now: () => new Date() }, inThread);
    failWriting(3);
    const outcomes = await deliver(deliveries);
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([true, true, false, true, false, true]);
    expect(outcomes[2]).toMatchObject({
      failure: { kind: 'unavailable', message: expect.stringContaining('full') },
    });
    expect(outcomes[4]).toMatchObject({ failure: { kind: 'unavailable' } });
    vi.restoreAllMocks();
    expect((await deliver(deliveries)).every((outcome) => outcome.ok)).toBe(true);
    expect(await readdir(join(directory, incomingFolder))).toEqual([]);
  });

  test('makes a folder anew that someone removed', async () => {
    const { path } = await keepOne();
    await rm(dirname(dirname(dirname(path))), { recursive: true });
    await keepOne();
  });

  test('to a disk that was unmounted keeps nothing in the empty mount point', async () => {
    await keepOne();
    await rename(directory, `${directory}-away`);
    await mkdir(directory);
    const outcomes = await deliver(sampleDeliveries({ count: 2, seed: 2 }));
    expect(outcomes).toMatchObject([
      { ok: false, failure: { kind: 'unavailable', message: expect.stringContaining('mount it again') } },
      { ok: false, failure: { kind: 'unavailable' } },
    ]);
    expect(await readdir(directory)).toEqual([]);
    await rm(directory, { recursive: true });
    await rename(`${directory}-away`, directory);
    expect((await deliver(sampleDeliveries({ count: 2, seed: 2 }))).every((outcome) => outcome.ok)).toBe(
      true,
    );
  });
});

describe('opening', () => {
  const open = (path: string) => filesystem.open({ directory: path }, { now: () => new Date() });

  test('makes the folders above the archive, too', async () => {
    const deep = join(base, 'one', 'two', 'archive');
    await using _ = await open(deep);
    expect(await readdir(deep)).toEqual([incomingFolder]);
  });

  test('is refused where there is a file in the way', async () => {
    await writeFile(join(base, 'file'), '');
    await expect(open(join(base, 'file', 'archive'))).rejects.toMatchObject({ kind: 'config' });
    await expect(open(join(base, 'file'))).rejects.toMatchObject({ kind: 'config' });
  });

  test.runIf(process.platform === 'linux')('is refused at once where no folder can be made', async () => {
    await expect(open('/proc/archway/archive')).rejects.toThrow(
      '/proc/archway/archive: the directory is not there',
    );
  });

  test('sweeps what a dead process staged long ago, and nothing else', async () => {
    const incoming = join(directory, incomingFolder);
    const ages = {
      'old.tmp': '2026-11-21T10:00:00Z',
      'new.tmp': '2026-11-23T09:00:00Z',
      notes: '2026-11-01T10:00:00Z',
    };
    for (const [name, at] of Object.entries(ages)) {
      await writeFile(join(incoming, name), '');
      await utimes(join(incoming, name), new Date(at), new Date(at));
    }
    await filesystem.open({ directory }, { now: () => new Date('2026-11-23T10:00:00.000Z') });
    expect((await readdir(incoming)).sort()).toEqual(['new.tmp', 'notes']);
  });

  test('keeps others out of the folders it makes', async () => {
    const { path } = await keepOne();
    expect((await stat(dirname(path))).mode & 0o007).toBe(0);
  });
});

describe('inspecting', () => {
  const inspect = (evidence: Evidence) => sink.inspect!(evidence);

  test('refuses a locator that leads out of the archive', async () => {
    const { evidence } = await keepOne();
    await writeFile(join(base, 'outside.json'), '{}');
    for (const locator of [
      '../outside.json',
      join(base, 'outside.json'),
      `${evidence.locator}/../../outside.json`,
    ]) {
      await expect(inspect({ ...evidence, locator })).rejects.toMatchObject({ kind: 'rejected' });
    }
  });

  test('calls a file altered that was replaced by a link to its like', async () => {
    const { evidence, path } = await keepOne();
    await rename(path, join(base, 'moved.json'));
    await symlink(join(base, 'moved.json'), path);
    expect(await inspect(evidence)).toBe('altered');
  });

  test('calls nothing missing while the whole archive is away', async () => {
    const { evidence } = await keepOne();
    await rename(directory, `${directory}-away`);
    await expect(inspect(evidence)).rejects.toMatchObject({ kind: 'unavailable' });
    await rename(`${directory}-away`, directory);
    expect(await inspect(evidence)).toBe('intact');
  });
});
