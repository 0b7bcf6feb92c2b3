import { getTableColumns, getTableName, type SQL, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Queries } from './client.js';

/** Keeps one statement's parameters at a size that a driver and a server handle with ease. */
const rowsMax = 1_000;

/**
 * Inserts many rows by one statement with one array parameter per column. The query builder makes a parameter of each
 * value, which took most of the time of recording and dispatching when it was measured. Everything travels as text,
 * since the driver has no arrays of times and bytes; the statement casts each column to its type. Arrays may hold ids and
 * numbers only: what needs quoting is not quoted.
 *
 * @param conflict what follows `on conflict`, such as `do nothing`.
 */
export async function insertRows<Table extends PgTable>(
  tx: Queries,
  table: Table,
  rows: readonly Table['$inferInsert'][],
  conflict?: SQL,
): Promise<void> {
  for (let start = 0; start < rows.length; start += rowsMax) {
    await insertChunk(tx, table, rows.slice(start, start + rowsMax), conflict);
  }
}

async function insertChunk<Table extends PgTable>(
  tx: Queries,
  table: Table,
  rows: readonly Record<string, unknown>[],
  conflict: SQL | undefined,
): Promise<void> {
  const columns = Object.entries<PgColumn>(getTableColumns(table)).filter(([key]) =>
    rows.some((row) => row[key] !== undefined),
  );
  const list = (part: (column: PgColumn, key: string) => SQL) =>
    sql.join(
      columns.map(([key, column]) => part(column, key)),
      sql`, `,
    );
  await tx.execute(sql`
    insert into ${sql.identifier(getTableName(table))} (${list(columnName)})
    select ${list(castFromText)}
    from unnest(${list((_, key) => sql`${sql.param(rows.map((row) => asText(row[key])))}::text[]`)})
      as given (${list(columnName)})
    ${conflict === undefined ? sql`` : sql`on conflict ${conflict}`}`);
}

function columnName(column: PgColumn): SQL {
  return sql`${sql.identifier(column.name)}`;
}

function castFromText(column: PgColumn): SQL {
  const name = sql.identifier(column.name);
  const type = column.getSQLType();
  return type === 'bytea' ? sql`decode(given.${name}, 'hex')` : sql`given.${name}::${sql.raw(type)}`;
}

function asText(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return `{${value.join()}}`;
  if (value instanceof Uint8Array)
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('hex');
  return String(value);
}
