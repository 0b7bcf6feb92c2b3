import { getTableColumns, getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import type { Database, Orm } from './client.js';
import * as schema from './schema/index.js';

/** All tables at one moment. */
export interface Snapshot {
  /** The rows of a table, in portions: each row is one line of JSON, its columns by name, as the database itself writes it. */
  rows(table: string): AsyncGenerator<string[], void, undefined>;
}

type Run = (statement: string) => PromiseLike<Iterable<{ line: string }>>;

/** Portions are made about this long, so that few of them are in memory whatever the rows are like. */
const portionCharacters = 1024 * 1024;
const firstPortionRows = 16;
const portionRowsMax = 2_000;

/** Every table of the schema, by name: a table that is added is part of the next backup. */
export function tableNames(): string[] {
  return tables().map(getTableName).sort();
}

/** Those whose rows may name a blob of their instance. */
export function tablesWithBlobs(): ReadonlySet<string> {
  const withBlobs = tables().filter((table) =>
    Object.values(getTableColumns(table)).some((column) => column.name === 'blob_id'),
  );
  return new Set(withBlobs.map(getTableName));
}

function tables(): PgTable[] {
  const exported: unknown[] = Object.values(schema);
  return exported.filter((each): each is PgTable => is(each, PgTable));
}

/** Of the whole database, with its indexes, in bytes. */
export async function databaseByteLength(queries: Pick<Orm, 'execute'>): Promise<number> {
  const [row] = await queries.execute<{ size: number }>(
    sql`select pg_database_size(current_database())::float8 as size`,
  );
  return row?.size ?? 0;
}

/**
 * Gives the work all tables as they are at one moment; writers go on meanwhile.
 *
 * A server reads them inside one transaction. The embedded database has one session, and an open transaction would keep
 * everybody else out: there the rows are put aside at once, in temporary files of the engine, and read from these. Then others
 * wait only for as long as the putting aside takes.
 */
export async function withSnapshot<Result>(
  database: Database,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  if (database.kind === 'embedded') return withHeldCursors(database, work);
  return database.orm.transaction(
    async (tx) => {
      await declareCursors(tx, '');
      const run: Run = (statement) => tx.execute<{ line: string }>(sql.raw(statement));
      return work({ rows: (table) => fetchAll(run, table) });
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  );
}

async function withHeldCursors<Result>(
  database: Database,
  work: (snapshot: Snapshot) => Promise<Result>,
): Promise<Result> {
  const run: Run = (statement) => database.orm.execute<{ line: string }>(sql.raw(statement));
  try {
    await database.orm.transaction((tx) => declareCursors(tx, 'with hold'), {
      isolationLevel: 'repeatable read',
    });
    return await work({ rows: (table) => fetchAll(run, table) });
  } finally {
    await closeCursors(run);
  }
}

async function declareCursors(tx: Pick<Orm, 'execute'>, hold: string): Promise<void> {
  // Dates and bytes are written in one way only, and no impatience of the server ends the reading.
  for (const setting of ["bytea_output = 'hex'", "timezone = 'UTC'"]) {
    await tx.execute(sql.raw(`set local ${setting}`));
  }
  for (const timeout of ['statement_timeout', 'idle_in_transaction_session_timeout']) {
    await tx.execute(sql.raw(`set local ${timeout} = 0`));
  }
  for (const table of tableNames()) {
    await tx.execute(
      sql.raw(
        `declare ${cursorOf(table)} no scroll cursor ${hold} for ` +
          `select row_to_json(given)::text as line from "${table}" as given`,
      ),
    );
  }
}

/** The session outlives the backup, and with it what it holds. After a lost connection there is nothing to close. */
async function closeCursors(run: Run): Promise<void> {
  const open = await run("select name as line from pg_cursors where name like 'archway_backup_%'");
  for (const { line } of open) await run(`close ${line}`);
}

async function* fetchAll(run: Run, table: string): AsyncGenerator<string[], void, undefined> {
  let count = firstPortionRows;
  for (;;) {
    const rows = await run(`fetch ${count} from ${cursorOf(table)}`);
    const lines = [...rows].map(({ line }) => line);
    if (lines.length > 0) yield lines;
    if (lines.length < count) return;
    const characters = lines.reduce((sum, line) => sum + line.length, 0);
    count = Math.max(1, Math.min(portionRowsMax, Math.floor((count * portionCharacters) / characters)));
  }
}

function cursorOf(table: string): string {
  return `archway_backup_${table}`;
}
