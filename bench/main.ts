import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DatabaseLocation, openDatabase } from '../src/db/client.js';
import { type Figures, measureGateway, measureUsual } from './measure.js';
import { printTable } from './table.js';

/** `npm run bench [-- --json FILE] [--seconds N]`: all figures of one machine, in one run. */
const { values } = parseArgs({
  options: { json: { type: 'string' }, seconds: { type: 'string', default: '10' } },
});
const durationMs = Number(values.seconds) * 1_000;
const scratch = mkdtempSync(join(tmpdir(), 'archway-bench-'));
// Postgres runs as another user, who must be able to reach its folder.
chmodSync(scratch, 0o755);
const script = fileURLToPath(new URL('../../scripts/postgres-for-tests.sh', import.meta.url));

try {
  const figures: Record<string, Figures> = {};
  const server = startPostgres();
  if (server !== undefined)
    figures.postgres = await measure('Postgres', (name) => freshDatabase(server, name));
  figures.embedded = await measure('embedded', async (name) => ({
    kind: 'embedded',
    directory: join(scratch, name, 'database'),
  }));
  printTable(figures);
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
} finally {
  spawnSync(script, ['stop', join(scratch, 'postgres'), 'immediate'], { stdio: 'ignore' });
  rmSync(scratch, { recursive: true, force: true });
}

async function measure(title: string, locate: (name: string) => Promise<DatabaseLocation>): Promise<Figures> {
  console.log(`\nOn ${title}:`);
  const a = await measureUsual('bare', await locate('a'), durationMs);
  console.log(`  (a) a bare handler: ${a.ratePerSecond}/s`);
  const b = await measureUsual('official', await locate('b'), durationMs);
  console.log(`  (b) the usual way: ${b.ratePerSecond}/s`);
  const b2 = await measureUsual('own', await locate('b2'), durationMs);
  console.log(`  (b2) the usual way with our check: ${b2.ratePerSecond}/s`);
  const location = await locate('c');
  console.log(`  syncing: ${await syncSettings(location)}`);
  const measured = await measureGateway(join(scratch, `${title}-data`), location, durationMs);
  console.log(`  (c) Archway: ${measured.c.ratePerSecond}/s, drained at ${measured.drainPerSecond}/s`);
  const ratio = (baseline: number) => Math.round((measured.c.ratePerSecond / baseline) * 100) / 100;
  return { a, b, b2, ...measured, cOverB: ratio(b.ratePerSecond), cOverA: ratio(a.ratePerSecond) };
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
