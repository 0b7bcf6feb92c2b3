import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sampleDeliveries } from 'archway/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import webhook from './index.js';
import { settingsSchema } from './settings.js';
import { otherSecret, testSecret } from './testing.js';

let folder: string;
let receiver: ChildProcess;
let url: string;

/** The receiver as README.md gives it, in a process of its own, on a port that is free. */
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'archway-receiver-'));
  const readme = await readFile(new URL('README.md', import.meta.url), 'utf8');
  const [, example = ''] = /```js\n(.*?)```/s.exec(readme) ?? [];
  const listening =
    "server.listen(0, '127.0.0.1', () => process.stdout.write(String(server.address().port)));";
  expect(example).toContain('server.listen(8080);');
  await writeFile(join(folder, 'receiver.mjs'), example.replace('server.listen(8080);', listening));
  await writeFile(join(folder, 'webhook-secret'), `${testSecret}\n`);
  receiver = spawn(process.execPath, ['receiver.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise((resolve, reject) => {
    receiver.once('exit', () => reject(new Error('The example does not run.')));
    receiver.stdout?.once('data', resolve);
  });
  url = `http://127.0.0.1:${port}/`;
});

afterEach(async () => {
  receiver.removeAllListeners('exit');
  receiver.kill();
  await rm(folder, { recursive: true });
});

async function deliver(secret: string, previousSecret?: string) {
  const settings = settingsSchema.parse({ url, secret, previousSecret, allowPrivate: true, batch: 4 });
  const sink = await webhook.open(settings, { now: () => new Date() });
  const outcomes = await sink.deliver(sampleDeliveries({ count: 7 }), new AbortController().signal);
  await sink[Symbol.asyncDispose]();
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.failure.kind));
}

const kept = async () => (await readdir(folder)).filter((name) => name.endsWith('.json'));

test('the receiver in README.md keeps every envelope once, byte for byte', async () => {
  expect(await deliver(testSecret)).toEqual(Array(7).fill('ok'));
  expect(await deliver(testSecret)).toEqual(Array(7).fill('ok'));
  expect(await kept()).toHaveLength(7);
  for (const { idempotencyKey, bytes } of sampleDeliveries({ count: 7 })) {
    const name = `${encodeURIComponent(idempotencyKey)}.json`;
    expect(await readFile(join(folder, name))).toEqual(Buffer.from(bytes));
  }
});

test('it goes on during a rotation, and refuses what is signed by neither secret', async () => {
  expect(await deliver(otherSecret, testSecret)).toEqual(Array(7).fill('ok'));
  expect(await deliver(otherSecret)).toEqual(Array(7).fill('auth'));
  expect(await kept()).toHaveLength(7);
});
