import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drizzle } from 'drizzle-orm/postgres-js';
import postgres from 'postgres';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyEmbeddedTemplate } from '../../../test/support/embedded-template.js';
import { LockedError } from '../../core/directory-lock.js';
import { queryFrame, startupFrame } from './frames.js';
import { type EmbeddedDatabase, openEmbeddedDatabase } from './index.js';

let root: string;
let directory: string;
let database: EmbeddedDatabase;
let sql: postgres.Sql;

function connect(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  return postgres({ socket: () => database.connect(), max: 4, ...options } as postgres.Options<
    Record<string, never>
  >);
}

async function open(options: { idleInTransactionMs?: number } = {}): Promise<void> {
  database = await openEmbeddedDatabase(directory, options);
  sql = connect();
}

async function close(): Promise<void> {
  await sql.end({ timeout: 1 });
  await database.close();
}

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'archway-embedded-'));
  directory = join(root, 'database');
  await copyEmbeddedTemplate(directory, 'bare');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('statements', () => {
  beforeEach(async () => {
    await open();
    await sql`CREATE TABLE notes (id int PRIMARY KEY, body text NOT NULL)`;
  });
  afterEach(close);

  it('gives errors with their SQLSTATE and goes on after them', async () => {
    await sql`INSERT INTO notes VALUES (1, 'one')`;
    const duplicate = sql`INSERT INTO notes VALUES (1, 'again')`;
    await expect(duplicate).rejects.toMatchObject({ code: '23505', constraint_name: 'notes_pkey' });
    await expect(sql`SELEC`).rejects.toMatchObject({ code: '42601' });
    expect(await sql`SELECT body FROM notes WHERE id = ${1}`).toEqual([{ body: 'one' }]);
  });

  it('carries on with the rest of a pipeline when one statement of it fails', async () => {
    const one = connect({ max: 1 });
    const outcomes = await Promise.allSettled(
      [1, 2, 2, 3].map((id) => one`INSERT INTO notes VALUES (${id}, 'x')`),
    );
    expect(outcomes.map((outcome) => outcome.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ]);
    await one.end();
  });

  it('takes statements and gives results of many megabytes', async () => {
    const body = 'ä'.repeat(4_000_000);
    await sql`INSERT INTO notes VALUES (1, ${body})`;
    expect((await sql`SELECT body FROM notes`)[0]?.body).toBe(body);
    const rows = await sql`SELECT g, repeat('x', 1000) AS filler FROM generate_series(1, 20000) g`;
    expect(rows.length).toBe(20_000);
    expect(rows[19_999]).toEqual({ g: 20_000, filler: 'x'.repeat(1000) });
  });

  it('reads through a cursor while other connections work', async () => {
    let seen = 0;
    await sql`SELECT g FROM generate_series(1, 100) g`.cursor(10, async (rows) => {
      seen += rows.length;
    });
    expect(seen).toBe(100);
    await Promise.all([sql`SELECT 1`, sql`SELECT 2`, sql`SELECT 3`]);
  });

  it('serves drizzle', async () => {
    const orm = drizzle(sql);
    await orm.transaction((tx) => tx.execute("INSERT INTO notes VALUES (1, 'one')"));
    expect(await orm.execute('SELECT * FROM notes')).toEqual([{ id: 1, body: 'one' }]);
  });

  it('refuses COPY FROM STDIN as a statement that fails', async () => {
    const raw = database.connect();
    raw.write(startupFrame('postgres', 'postgres'));
    raw.write(queryFrame('COPY notes FROM STDIN'));
    let answer = '';
    for await (const bytes of raw) {
      answer += String(bytes);
      if (answer.includes('COPY FROM STDIN; use INSERT')) break;
    }
    expect(await sql`SELECT count(*)::int AS count FROM notes`).toEqual([{ count: 0 }]);
  });
});

describe('transactions', () => {
  beforeEach(async () => {
    await open({ idleInTransactionMs: 300 });
    await sql`CREATE TABLE counters (id int PRIMARY KEY, value int NOT NULL)`;
    await sql`INSERT INTO counters VALUES (1, 0)`;
  });
  afterEach(close);

  it('of many connections do not mix', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () =>
        sql.begin(async (tx) => {
          const [row] = await tx`SELECT value FROM counters WHERE id = 1`;
          await tx`UPDATE counters SET value = ${row?.value + 1} WHERE id = 1`;
        }),
      ),
    );
    expect(await sql`SELECT value FROM counters`).toEqual([{ value: 50 }]);
  });

  it('are rolled back on an error, savepoints alone when they fail', async () => {
    const failed = sql.begin(async (tx) => {
      await tx`UPDATE counters SET value = 7`;
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    await sql.begin(async (tx) => {
      await tx`UPDATE counters SET value = value + 1`;
      await tx.savepoint((inner) => inner`SELECT 1/0`).catch(() => undefined);
    });
    expect(await sql`SELECT value FROM counters`).toEqual([{ value: 1 }]);
  });

  it('are rolled back when their connection goes away', async () => {
    const other = connect({ max: 1 });
    const lost = other.begin(async (tx) => {
      await tx`UPDATE counters SET value = 7`;
      await other.end({ timeout: 0 });
    });
    await lost.catch(() => undefined);
    expect(await sql`SELECT value FROM counters`).toEqual([{ value: 0 }]);
  });

  it('are ended when they wait for a statement outside themselves', async () => {
    const stuck = sql.begin(async (tx) => {
      await tx`UPDATE counters SET value = 7`;
      await sql`SELECT 1`;
      await tx`SELECT 1`;
    });
    await expect(stuck).rejects.toMatchObject({ code: '25P03' });
    await expect(stuck).rejects.toThrow('inside a transaction use only its own handle');
    const uncommitted = sql.begin(async (tx) => {
      await tx`UPDATE counters SET value = 7`;
      await sql`SELECT 1`;
    });
    await expect(uncommitted).rejects.toMatchObject({ code: '25P03' });
    expect(await sql`SELECT value FROM counters`).toEqual([{ value: 0 }]);
  });
});

describe('notifications', () => {
  beforeEach(() => open());
  afterEach(close);

  it('reach every listener of the channel, whichever connection sends them, after the commit', async () => {
    const heard: string[] = [];
    const other = connect();
    await sql.listen('orders', (payload) => heard.push(`first ${payload}`));
    await other.listen('orders', (payload) => heard.push(`second ${payload}`));
    await sql.listen('elsewhere', (payload) => heard.push(`elsewhere ${payload}`));
    await sql.begin(async (tx) => {
      await tx`SELECT pg_notify('orders', '1')`;
      await tx`SELECT 1`;
      expect(heard).toEqual([]);
    });
    await sql.begin((tx) => [tx`SELECT pg_notify('orders', '2')`, tx`SELECT 1/0`]).catch(() => undefined);
    await sql.notify('orders', '3');
    await sql`SELECT 1`;
    expect(heard.toSorted()).toEqual(['first 1', 'first 3', 'second 1', 'second 3']);
    await other.end();
  });
});

describe('the directory', () => {
  it('is made on the first opening, closed to others, and keeps its rows', async () => {
    directory = join(root, 'data', 'database');
    await open();
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(root, 'data')).toSorted()).toEqual(['database', 'database.lock']);
    await sql`CREATE TABLE notes AS SELECT 'kept' AS body`;
    await close();
    await open();
    expect(await sql`SELECT body FROM notes`).toEqual([{ body: 'kept' }]);
    await close();
  });

  it('is made anew when its making was interrupted', async () => {
    directory = join(root, 'data', 'database');
    mkdirSync(`${directory}.unfinished`, { recursive: true });
    writeFileSync(join(`${directory}.unfinished`, 'PG_VERSION'), '18\n');
    await open();
    expect(await sql`SELECT 1 AS one`).toEqual([{ one: 1 }]);
    await close();
  });

  it('has one owner', async () => {
    await open();
    const second = openEmbeddedDatabase(directory);
    await expect(second).rejects.toThrow(LockedError);
    await expect(second).rejects.toThrow(
      `${directory}.lock is locked by process ${process.pid}. Stop that process`,
    );
    await close();
    await open();
    await close();
  });

  it('is refused when it holds something else, and may be opened after that', async () => {
    directory = join(root, 'letters');
    mkdirSync(directory);
    writeFileSync(join(directory, 'letter'), 'dear');
    await expect(open()).rejects.toThrow(`${directory} holds no database but is not empty.`);
    rmSync(join(directory, 'letter'));
    await open();
    await close();
  });
});

describe('the end', () => {
  it('comes after what was sent, and connections then fail as to a server that is not there', async () => {
    await open();
    await sql`CREATE TABLE notes (body text)`;
    const raw = database.connect();
    let answer = '';
    raw.on('data', (bytes) => {
      answer += String(bytes);
    });
    raw.write(startupFrame('postgres', 'postgres'));
    raw.write(queryFrame("INSERT INTO notes SELECT 'x' FROM generate_series(1, 1000)"));
    await database.close();
    expect(answer).toContain('INSERT 0 1000');
    expect(await database.ended).toBeUndefined();
    await expect(sql`SELECT 1`).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(sql`SELECT 1`).rejects.toThrow(`The embedded database in ${directory} is closed.`);
    await sql.end({ timeout: 1 });
    await open();
    expect(await sql`SELECT count(*)::int AS count FROM notes`).toEqual([{ count: 1000 }]);
    await close();
  });

  it('is seen by everybody when the engine dies', async () => {
    await open();
    await sql`CREATE TABLE notes (body text)`;
    rmSync(join(directory, 'pg_wal'), { recursive: true });
    const lost = sql.begin(async (tx) => {
      await tx`SELECT pg_switch_wal()`;
      await tx`INSERT INTO notes VALUES ('lost')`;
    });
    await expect(lost).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await database.ended)?.message).toMatch(/has ended: PANIC: .*pg_wal/);
    await expect(sql`SELECT 1`).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await close();
  });
});
