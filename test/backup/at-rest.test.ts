import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { openDatabase } from '../../src/db/client.js';
import { freshDatabaseUrl, requirePostgresUrl } from '../crash/support/databases.js';
import { archiveFiles, type Status, settled } from '../crash/support/kept.js';
import { DatabaseProxy } from '../outage/support/database-proxy.js';
import { runArchway } from '../support/command-line.js';
import { GatewayProcess, until } from '../support/gateway-process.js';
import { addDesk, Traffic } from '../support/traffic.js';
import {
  addBlob,
  backUp,
  busyGateway,
  emptyPlace,
  environmentOf,
  expectDone,
  type Logged,
  listing,
  restore,
  shelf,
} from './support/backups.js';

const timeout = 120_000;

test('without a gateway the command makes the backup itself, named by the time', { timeout }, async () => {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  const before = await listing(gateway);
  await gateway.stop();
  const directory = await shelf();
  await backUp(gateway, directory, databaseUrl);
  const [name, ...others] = await readdir(directory);
  expect(others).toEqual([]);
  expect(name).toMatch(/^archway-\d{8}T\d{6}Z\.tar$/);
  expect((await stat(join(directory, name!))).mode & 0o777).toBe(0o600);
  const targetUrl = await freshDatabaseUrl();
  const place = await emptyPlace(gateway, targetUrl);
  expectDone(await restore(place, join(directory, name!), targetUrl));
  await place.start();
  await settled(place);
  expect(await listing(place)).toEqual(before);
});

test(
  'what waits in the spool is in the backup, and is recorded after the restore',
  { timeout },
  async (context) => {
    const databaseUrl = await requirePostgresUrl(context);
    const line = await DatabaseProxy.open(databaseUrl);
    const gateway = await GatewayProcess.start({ databaseUrl: line.url });
    const traffic = new Traffic(await addDesk(gateway), { conversations: 4, seed: 11 });
    await traffic.send(gateway, { each: 3 });
    await settled(gateway);
    line.cut();
    await traffic.send(gateway, { each: 3 });
    expect(traffic.answered).toHaveLength(24);
    await gateway.killNow();
    line.mend();
    const file = join(await shelf(), 'backup.tar');
    await backUp(gateway, file, databaseUrl);
    const place = await emptyPlace(gateway);
    expectDone(await restore(place, file));
    await place.start();
    expect((await settled(place)).messages).toBe(24);
    const texts = (await place.list<Logged>('/v1/messages')).map(({ text }) => text);
    expect(texts.sort()).toEqual(traffic.messages.map(({ text }) => text).sort());
  },
);

test('an attachment is restored, and one that is lost is told of', { timeout }, async () => {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway } = await busyGateway(databaseUrl);
  const path = await addBlob(gateway, 100_000);
  await nameBlobs(gateway, databaseUrl, [basename(path), 'f'.repeat(64)]);
  const file = join(await shelf(), 'backup.tar');
  const { code, stderr } = await runArchway(environmentOf(gateway, databaseUrl), ['backup', file]);
  expect({ code, stderr }).toEqual({
    code: 6,
    stderr: expect.stringMatching(/^1 attachment\(s\).*not in the backup/),
  });
  const targetUrl = await freshDatabaseUrl();
  const place = await emptyPlace(gateway, targetUrl);
  expectDone(await restore(place, file, targetUrl));
  const read = (directory: string) => readFile(join(directory, path));
  expect((await read(place.dataDirectory)).equals(await read(gateway.dataDirectory))).toBe(true);
});

/** Stops the gateway and lets a record name these blobs. */
async function nameBlobs(gateway: GatewayProcess, databaseUrl: string | undefined, ids: readonly string[]) {
  await gateway.stop();
  const directory = join(gateway.dataDirectory, 'database');
  const database = await openDatabase(
    databaseUrl === undefined ? { kind: 'embedded', directory } : { kind: 'postgres', url: databaseUrl },
  );
  for (const id of ids) {
    await database.orm.execute(sql`
      insert into attachments (id, instance_id, record_id, position, state, sealed, blob_id)
      select gen_random_uuid(), instance_id, id, 0, 'stored', '\\x00', ${id} from records limit 1`);
  }
  await database.close();
}

test('what was delivered is not sent again, and what waited is', { timeout }, async () => {
  const databaseUrl = await freshDatabaseUrl();
  const { gateway, traffic } = await busyGateway(databaseUrl);
  const archive = join(gateway.dataDirectory, 'archive');
  const written = await changeTimes(await archiveFiles(gateway));
  await rename(archive, `${archive}-away`);
  await writeFile(archive, 'The archive is away.');
  await traffic.send(gateway, { each: 2 });
  const isRecorded = async () => (await gateway.call<Status>('GET', '/v1/status')).messages === 28;
  await until(isRecorded, 60_000, 'Not everything was recorded');
  const file = join(await shelf(), 'backup.tar');
  await backUp(gateway, file, databaseUrl);
  await gateway.killNow();
  await rm(archive);
  await rename(`${archive}-away`, archive);
  const targetUrl = await freshDatabaseUrl();
  const place = await emptyPlace(gateway, targetUrl);
  expectDone(await restore(place, file, targetUrl));
  await place.start();
  expect((await settled(place)).deliveries).toEqual({ pending: 0, delivered: 28, dead: 0 });
  const now = await changeTimes(await archiveFiles(gateway));
  expect(now.size).toBe(28);
  expect([...written].filter(([path, time]) => now.get(path) !== time)).toEqual([]);
});

async function changeTimes(files: readonly string[]): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const file of files) times.set(file, (await stat(file)).ctimeMs);
  return times;
}
