import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Queries } from './client.js';
import { packBytes } from './pack-bytes.js';
import { runInOrder } from './run-in-order.js';

/** Keeps one statement's parameters at a size that a driver and a server handle with ease. */
const rowsMax = 1_000;

/**
 * Inserts many rows by one statement with one array parameter per column. The query builder makes a parameter of each
 * value, which took most of the time of recording and dispatching when it was measured. Times travel as text, since the
 * driver has no arrays of them, and the bytes of a column as one value that the server decodes once and cuts up (see
 * pack-bytes.ts). Columns that are arrays may hold ids and numbers only: what needs quoting is not quoted.
 *
 * @param conflict what follows `on conflict`, such as `do nothing`.
 */
export async function insertRows<Table extends PgTable>(
  tx: Queries,
  table: Table,
  rows: readonly Table['$inferInsert'][],
  conflict?: SQL,
): Promise<void> {
  await runInOrder(tx, insertStatements(table, rows, conflict));
}

/** What `insertRows` runs: none for no rows, and several for very many. */
export function insertStatements<Table extends PgTable>(
  table: Table,
  rows: readonly Table['$inferInsert'][],
  conflict?: SQL,
): SQL[] {
  const statements: SQL[] = [];
  for (let start = 0; start < rows.length; start += rowsMax) {
    statements.push(insertStatement(table, rows.slice(start, start + rowsMax), conflict));
  }
  return statements;
}

/** How a column's values travel: the array parameters, their names in the statement, and the value that they make. */
interface Passage {
  readonly column: SQL;
  readonly parameters: readonly SQL[];
  readonly names: readonly SQL[];
  readonly value: SQL;
  /** Where the value is cut out of one for all rows: that one, named. */
  readonly packed?: SQL;
}

function insertStatement<Table extends PgTable>(
  table: Table,
  rows: readonly Record<string, unknown>[],
  conflict: SQL | undefined,
): SQL {
  const passages = Object.entries<PgColumn>(getTableColumns(table))
    .filter(([key]) => rows.some((row) => row[key] !== undefined))
    .map(([key, column]) =>
      passageOf(
        column,
        rows.map((row) => row[key] ?? null),
      ),
    );
  const list = (parts: readonly SQL[]) => sql.join([...parts], sql`, `);
  const packed = passages.flatMap((passage) => passage.packed ?? []);
  return sql`
    ${packed.length === 0 ? sql`` : sql`with packed as materialized (select ${list(packed)})`}
    insert into ${sql.identifier(getTableName(table))} (${list(passages.map(({ column }) => column))})
    select ${list(passages.map(({ value }) => value))}
    from ${packed.length === 0 ? sql`` : sql`packed, `}unnest(${list(passages.flatMap(({ parameters }) => parameters))})
      as given (${list(passages.flatMap(({ names }) => names))})
    ${conflict === undefined ? sql`` : sql`on conflict ${conflict}`}`;
}

function passageOf(column: PgColumn, values: readonly unknown[]): Passage {
  const name = sql.identifier(column.name);
  const type = column.getSQLType();
  const given = { column: sql`${name}`, names: [sql`${name}`] };
  if (type === 'bytea') return bytesPassage(column.name, values as (Uint8Array | null)[]);
  if (type.startsWith('timestamp')) {
    const texts = values.map((value) => (value as Date | null)?.toISOString() ?? null);
    return {
      ...given,
      parameters: [sql`${sql.param(texts)}::text[]`],
      value: sql`given.${name}::timestamptz`,
    };
  }
  if (type.endsWith('[]')) {
    const texts = values.map((value) => (value === null ? null : `{${(value as unknown[]).join()}}`));
    const cast = sql`given.${name}::${sql.raw(type)}`;
    return { ...given, parameters: [sql`${sql.param(texts)}::text[]`], value: cast };
  }
  const texts = values.map((value) => (value === null ? null : String(value)));
  if (type === 'boolean') {
    // The driver writes every text in an array of booleans as false.
    return {
      ...given,
      parameters: [sql`${sql.param(texts)}::text[]`],
      value: sql`given.${name}::boolean`,
    };
  }
  return { ...given, parameters: [sql`${sql.param(texts)}::${sql.raw(type)}[]`], value: sql`given.${name}` };
}

function bytesPassage(columnName: string, values: readonly (Uint8Array | null)[]): Passage {
  const packed = packBytes(values);
  const first = sql.identifier(`${columnName}_first`);
  const length = sql.identifier(`${columnName}_length`);
  const bytes = sql.identifier(`${columnName}_bytes`);
  return {
    column: sql`${sql.identifier(columnName)}`,
    parameters: [sql`${sql.param(packed.firsts)}::int[]`, sql`${sql.param(packed.lengths)}::int[]`],
    names: [sql`${first}`, sql`${length}`],
    value: sql`substring(packed.${bytes} from given.${first} for given.${length})`,
    packed: sql`decode(${sql.param(packed.base64)}::text, 'base64') as ${bytes}`,
  };
}
