import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Filed } from './envelope-keeper.js';
import { KeeperThread } from './keeper-thread.js';
import { incomingFolder } from './write-once.js';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'archway-keeper-'));
  await mkdir(join(root, incomingFolder));
});
afterEach(() => rm(root, { recursive: true }));

const filed = (file: string): Filed => ({
  folders: ['a', 'b'],
  file,
  bytes: Buffer.from(file),
  refused: undefined,
});

const stopped = { kind: 'unavailable', message: expect.stringContaining('stopped') };

test('keeps lanes side by side, and leaves the bytes with who gave them', async () => {
  const thread = new KeeperThread({ root, publishing: 'by link' });
  const lanes = [[filed('1'), filed('2')], [filed('3')]];
  const outcomes = await Promise.all(lanes.map((lane) => thread.keepLane(lane, () => false)));
  await thread.close();
  expect(outcomes).toEqual([[undefined, undefined], [undefined]]);
  expect((await readdir(join(root, 'a', 'b'))).sort()).toEqual(['1', '2', '3']);
  expect(Buffer.from(lanes[0]?.[0]?.bytes ?? []).toString()).toBe('1');
});

test('what is stopped on the way is answered as not kept, from the first such on, and leaves nothing behind', async () => {
  const thread = new KeeperThread({ root, publishing: 'by link' });
  const many = Array.from({ length: 20_000 }, (_, index) => filed(String(index)));
  const outcome = await thread.keepLane(many, () => true);
  await thread.close();
  const kept = outcome.indexOf(outcome.find((refusal) => refusal !== undefined));
  expect(kept).toBeGreaterThanOrEqual(0);
  expect(outcome[kept]).toEqual(stopped);
  expect(outcome.slice(kept).every((refusal) => refusal?.kind === 'unavailable')).toBe(true);
  expect(await readdir(join(root, incomingFolder))).toEqual([]);
});

test('a thread that breaks off is no refusal, and the next lane gets another', async () => {
  const script = join(root, 'worker.mjs');
  await writeFile(script, "throw new Error('out of memory');");
  const thread = new KeeperThread({ root, publishing: 'by link' }, pathToFileURL(script));
  const away = { kind: 'unavailable', message: expect.stringContaining('broke off (out of memory)') };
  expect(await thread.keepLane([filed('1'), filed('2')], () => false)).toEqual([away, away]);

  const keeper = new URL('../../../dist/src/sinks/filesystem/keeper-worker.js', import.meta.url);
  await writeFile(script, `await import(${JSON.stringify(keeper.href)});`);
  expect(await thread.keepLane([filed('1')], () => false)).toEqual([undefined]);
  await thread.close();
});
