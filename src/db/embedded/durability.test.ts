import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { copyEmbeddedTemplate } from '../../../test/support/embedded-template.js';
import { openEmbeddedDatabase } from './index.js';

const builtModule = new URL('../../../dist/src/db/embedded/index.js', import.meta.url).href;

let root: string;
let directory: string;
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'archway-durability-'));
  directory = join(root, 'database');
  await copyEmbeddedTemplate(directory, 'bare');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function spawnScript(body: string) {
  const script = `
    import postgres from 'postgres';
    const { openEmbeddedDatabase } = await import(${JSON.stringify(builtModule)});
    const database = await openEmbeddedDatabase(${JSON.stringify(directory)});
    const sql = postgres({ socket: () => database.connect(), onnotice() {} });
    ${body}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

it('syncs for each commit', async () => {
  const database = await openEmbeddedDatabase(directory);
  const sql = postgres({ socket: () => database.connect() } as postgres.Options<Record<string, never>>);
  await sql`CREATE TABLE notes (id int)`;
  const before = database.syncCount;
  for (let id = 0; id < 200; id += 1) await sql`INSERT INTO notes VALUES (${id})`;
  expect(database.syncCount - before).toBeGreaterThanOrEqual(200);
  await sql.end();
  await database.close();
});

it('has every row that was committed before a kill -9', async () => {
  for (let round = 0; round < 3; round += 1) {
    const child = spawnScript(`
      await sql\`CREATE TABLE IF NOT EXISTS notes (id bigserial, body text)\`;
      for (;;) {
        const [row] = await sql\`INSERT INTO notes (body) VALUES (repeat('x', 500)) RETURNING id\`;
        process.stdout.write(row.id + '\\n');
      }`);
    const printed: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      printed.push(line);
      if (printed.length === 100 + round * 37) child.kill('SIGKILL');
    }

    const database = await openEmbeddedDatabase(directory);
    const sql = postgres({ socket: () => database.connect() } as postgres.Options<Record<string, never>>);
    const kept = new Set((await sql`SELECT id FROM notes`).map((row) => row.id as string));
    expect(printed.length).toBeGreaterThanOrEqual(100);
    expect(printed.filter((id) => !kept.has(id))).toEqual([]);
    await sql.end();
    await database.close();
  }
});

it('lets the process end by itself after close, without a word', async () => {
  const child = spawnScript('await sql`SELECT 1`; await sql.end(); await database.close();');
  let output = '';
  const collect = (part: Buffer) => {
    output += part.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const [exitCode] = await once(child, 'close');
  expect({ exitCode, output }).toEqual({ exitCode: 0, output: '' });
});
