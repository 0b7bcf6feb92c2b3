import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RestoreFailPoint } from '../../src/core/failpoint.js';
import { freshDatabaseUrl, requirePostgresUrl } from '../crash/support/databases.js';
import { settled } from '../crash/support/kept.js';
import { smallDisk } from '../outage/support/small-disk.js';
import { runArchway } from '../support/command-line.js';
import { type GatewayProcess, until } from '../support/gateway-process.js';
import {
  addBlob,
  backUp,
  busyGateway,
  emptyPlace,
  environmentOf,
  expectDone,
  listing,
  restore,
  shelf,
} from './support/backups.js';

const timeout = 180_000;
const megabyte = 1024 * 1024;

/** Starts `archway backup` and waits until a part of it is written. */
async function halfOfABackup(gateway: GatewayProcess, file: string, databaseUrl: string | undefined) {
  const program = fileURLToPath(new URL('../../bin/archway.js', import.meta.url));
  const env = { PATH: process.env.PATH ?? '', ...environmentOf(gateway, databaseUrl) };
  const child = spawn(process.execPath, [program, 'backup', file], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = once(child, 'close').then(([code]) => ({ code, stderr }));
  const isHalf = async () =>
    ((await stat(`${file}.unfinished`).catch(() => undefined))?.size ?? 0) > megabyte;
  await until(isHalf, 60_000, 'The backup was not begun');
  return { child, ended };
}

test(
  'a backup whose command is killed leaves no backup; the gateway goes on, and makes the next',
  { timeout },
  async () => {
    const databaseUrl = await freshDatabaseUrl();
    const { gateway, traffic } = await busyGateway(databaseUrl);
    await addBlob(gateway, 300 * megabyte);
    const directory = await shelf();
    const file = join(directory, 'backup.tar');
    const { child, ended } = await halfOfABackup(gateway, file, databaseUrl);
    child.kill('SIGKILL');
    await ended;
    expect(await readdir(directory)).toEqual(['backup.tar.unfinished']);
    const half = await restore(await emptyPlace(gateway), `${file}.unfinished`);
    expect(half.stderr).toMatch(/not usable: it ends in the middle/);
    await traffic.send(gateway, { each: 2 });
    await settled(gateway);
    await until(
      async () => (await runArchway(environmentOf(gateway, databaseUrl), ['backup', file])).code === 0,
      60_000,
      'The gateway makes no other backup',
    );
    expect(await readdir(directory)).toEqual(['backup.tar']);
  },
);

test('a backup whose gateway is killed fails and leaves nothing', { timeout }, async () => {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  await addBlob(gateway, 300 * megabyte);
  const directory = await shelf();
  const { ended } = await halfOfABackup(gateway, join(directory, 'backup.tar'), databaseUrl);
  await gateway.killNow();
  const { code, stderr } = await ended;
  expect(code).toBe(1);
  expect(stderr).toMatch(/broke its answer off/);
  expect(await readdir(directory)).toEqual([]);
});

test('two backups at once: the second is told to wait', { timeout }, async () => {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  await addBlob(gateway, 300 * megabyte);
  const directory = await shelf();
  const { ended } = await halfOfABackup(gateway, join(directory, 'first.tar'), databaseUrl);
  const second = await runArchway(environmentOf(gateway, databaseUrl), [
    'backup',
    join(directory, 'second.tar'),
  ]);
  expect(second.code).toBe(1);
  expect(second.stderr).toContain('being made already');
  expect(await ended).toEqual({ code: 0, stderr: '' });
  expect(await readdir(directory)).toEqual(['first.tar']);
});

describe('a restore that is killed', () => {
  const points: RestoreFailPoint[] = ['restore:marked', 'restore:loaded', 'restore:committed'];
  test.each(points)('at %s serves nothing, and is finished by the next', { timeout }, async (point) => {
    const databaseUrl = await freshDatabaseUrl();
    const { gateway } = await busyGateway(databaseUrl);
    const blob = await addBlob(gateway, megabyte);
    const file = join(await shelf(), 'backup.tar');
    await backUp(gateway, file, databaseUrl);
    const before = await listing(gateway);
    const targetUrl = await freshDatabaseUrl();
    const place = await emptyPlace(gateway, targetUrl);
    const environment = environmentOf(place, targetUrl);
    const crash = { ...environment, CRASH_AT: point, CRASH_ARMED: '1' };
    expect((await runArchway(crash, ['restore', file], './crash-gateway.mjs')).signal).toBe('SIGKILL');

    const served = await runArchway({ ...environment, PORT: '0', ADMIN_PORT: '0' }, ['serve']);
    expect(served.code).toBe(1);
    expect(served.stderr).toMatch(/restore into .* was interrupted.*archway restore again/s);
    expectDone(await restore(place, file, targetUrl));
    await place.start();
    await settled(place);
    expect(await listing(place)).toEqual(before);
    const read = (directory: string) => readFile(join(directory, blob));
    expect((await read(place.dataDirectory)).equals(await read(gateway.dataDirectory))).toBe(true);
  });
});

test('a full disk fails the backup with a remedy, and leaves nothing', { timeout }, async (context) => {
  const disk = await smallDisk(context, 2);
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  await addBlob(gateway, 8 * megabyte);
  const { code, stderr } = await runArchway(environmentOf(gateway, databaseUrl), ['backup', disk]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/no room for the backup.*Make room/);
  expect(await readdir(disk)).toEqual([]);
});

test('a full disk fails the restore, which is undone; with room it works', { timeout }, async (context) => {
  const disk = await smallDisk(context, 4);
  // An embedded database would be larger than this disk.
  const targetUrl = await requirePostgresUrl(context);
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  await addBlob(gateway, 8 * megabyte);
  const file = join(await shelf(), 'backup.tar');
  await backUp(gateway, file, databaseUrl);
  const before = await listing(gateway);
  const key = await readFile(join(gateway.dataDirectory, 'master-key'), 'utf8');
  await writeFile(join(disk, 'master-key'), key, { mode: 0o600 });
  const full = await runArchway({ ARCHWAY_DATA_DIR: disk, DATABASE_URL: targetUrl }, ['restore', file]);
  expect(full.code).toBe(1);
  expect(full.stderr).toMatch(/undone: there is no room on the disk/);
  expect(await readdir(disk)).not.toContain('blobs');

  const place = await emptyPlace(gateway, targetUrl);
  expectDone(await restore(place, file, targetUrl));
  await place.start();
  await settled(place);
  expect(await listing(place)).toEqual(before);
});
