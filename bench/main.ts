import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DatabaseLocation, openDatabase } from '../src/db/client.js';
import { figuresOf, type Measured } from './figures.js';
import { measureGateway, measureUsual } from './measure.js';
import { measureReading } from './reading.js';
import { measureSessions } from './sessions/measure.js';
import { printTable } from './table.js';

/**
 * `npm run bench [-- --json FILE] [--seconds N] [--records N] [--accounts N] [--only postgres|embedded]`: all figures
 * of one machine, in one run. `--records` is the size of the large journal; with 0 nothing is read from one. `--accounts` is how
 * many idle accounts are looked at; with 0 no session is measured.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    records: { type: 'string', default: '1000000' },
    accounts: { type: 'string', default: '50' },
    only: { type: 'string' },
  },
});
const durationMs = Number(values.seconds) * 1_000;
const records = Number(values.records);
if (!(durationMs > 0) || !(records === 0 || records > 10_000))
  throw new RangeError('--seconds is more than 0; --records is 0 or more than 10000.');
const accounts = Number(values.accounts);
if (!(accounts === 0 || (accounts > 1 && accounts <= 100)))
  throw new RangeError('--accounts is 0, or 2 to 100.');
const scratch = mkdtempSync(join(tmpdir(), 'archway-bench-'));
// Postgres runs as another user, who must be able to reach its folder.
chmodSync(scratch, 0o755);
const script = fileURLToPath(new URL('../../scripts/postgres-for-tests.sh', import.meta.url));

try {
  const all: Record<string, Measured> = {};
  // Written after each database: what ends the second must not take the figures of the first.
  const keep = (database: string, measured: Measured) => {
    all[database] = measured;
    if (values.json === undefined) return;
    const figures = Object.entries(all).map(([name, each]) => [name, figuresOf(each)]);
    writeFileSync(values.json, `${JSON.stringify(Object.fromEntries(figures), null, 2)}\n`);
  };
  const server = values.only === 'embedded' ? undefined : startPostgres();
  if (server !== undefined)
    keep('postgres', await measure('Postgres', (name) => freshDatabase(server, name)));
  if (values.only !== 'postgres') {
    const locate = (name: string) => join(scratch, name, 'database');
    keep(
      'embedded',
      await measure('embedded', async (name) => ({ kind: 'embedded', directory: locate(name) })),
    );
  }
  printTable(all);
} finally {
  spawnSync(script, ['stop', join(scratch, 'postgres'), 'immediate'], { stdio: 'ignore' });
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(
  title: string,
  locate: (name: string) => Promise<DatabaseLocation>,
): Promise<Measured> {
  console.log(`\nOn ${title}:`);
  const a = await measureUsual('bare', await locate('a'), durationMs);
  console.log(`  (a) a bare handler: ${a.ratePerSecond}/s`);
  const b = await measureUsual('official', await locate('b'), durationMs);
  console.log(`  (b) the usual way: ${b.ratePerSecond}/s`);
  const b2 = await measureUsual('own', await locate('b2'), durationMs);
  console.log(`  (b2) the usual way with our check: ${b2.ratePerSecond}/s`);
  const location = await locate('c');
  console.log(`  syncing: ${await syncSettings(location)}`);
  const gateway = await measureGateway(join(scratch, `${title}-data`), location, durationMs);
  console.log(`  (c) Archway: ${gateway.c.ratePerSecond}/s, drained at ${gateway.drainPerSecond}/s`);
  const place = async (name: string) => ({
    dataDirectory: join(scratch, `${title}-${name}`),
    location: await locate(name),
  });
  const sessions = accounts === 0 ? undefined : await measureSessions(place, accounts);
  if (records === 0) return { a, b, b2, gateway, reading: undefined, sessions };
  const reading = await measureReading(join(scratch, `${title}-log`), await locate('log'), records);
  console.log(`  start on ${records} records: ${reading.startMs} ms`);
  return { a, b, b2, gateway, reading, sessions };
}

async function syncSettings(location: DatabaseLocation): Promise<string> {
  if (location.kind === 'embedded') return 'the embedded database syncs its log at every commit';
  const { sql, close } = await openDatabase(location);
  const rows = await sql<{ name: string; setting: string }[]>`
    select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'wal_sync_method')`;
  await close();
  return rows.map(({ name, setting }) => `${name}=${setting}`).join(' ');
}

function startPostgres(): string | undefined {
  const port = String(30_000 + Math.floor(Math.random() * 2_000));
  const started = spawnSync(script, ['start', join(scratch, 'postgres'), port], { encoding: 'utf8' });
  if (started.status === 0) return started.stdout.trim().split('\n').at(-1);
  console.log(`Postgres is left out: ${started.stderr.trim() || 'it could not be started'}`);
  return undefined;
}

async function freshDatabase(server: string, name: string): Promise<DatabaseLocation> {
  const database = await openDatabase({ kind: 'postgres', url: server, connectionsMax: 1 });
  await database.sql.unsafe(`create database bench_${name}`);
  await database.close();
  const url = new URL(server);
  url.pathname = `/bench_${name}`;
  return { kind: 'postgres', url: url.href };
}
