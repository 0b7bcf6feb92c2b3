import { sql } from 'drizzle-orm';
import { tableNames } from './backup-snapshot.js';
import { migrateWithin, type Transaction } from './migrate.js';
import { leaveUnsent } from './outbound.js';
import { closeDoors } from './reconciliations.js';

/** A table or column as SQL names it, unquoted. */
const namePattern = /^[a-z_][a-z0-9_]*$/;
/** One statement takes so many characters of rows at least, unless there are no more. */
const batchCharacters = 1024 * 1024;

interface ForeignKey extends Record<string, unknown> {
  readonly table: string;
  readonly name: string;
  readonly definition: string;
}

/** The database holds something already, or its schema is not one that the rows fit. */
export class LoadRefusedError extends Error {
  override readonly name = 'LoadRefusedError';
}

/**
 * Fills an empty database with the rows of a backup, inside one transaction: until that is committed, nobody sees anything of it,
 * and if it never is, the database is as empty as before.
 */
export class BackupLoad {
  readonly #columns = new Map<string, readonly string[]>();

  private constructor(
    private readonly tx: Transaction,
    private readonly foreignKeys: readonly ForeignKey[],
  ) {}

  /**
   * Makes the schema as it was when the backup was made, so that its rows fit whatever has changed since.
   *
   * @param version of the last migration that had been applied.
   * @throws {LoadRefusedError}
   */
  static async begin(tx: Transaction, version: number): Promise<BackupLoad> {
    await tx.execute(sql`set local statement_timeout = 0`);
    await tx.execute(sql`set local idle_in_transaction_session_timeout = 0`);
    await migrateWithin(tx, version);
    await requireSchemaOf(tx, version);
    await requireEmpty(tx);
    // References are checked all at once at the end: then the order of the tables does not matter.
    const foreignKeys = await readForeignKeys(tx);
    for (const { table, name } of foreignKeys) {
      await tx.execute(sql.raw(`alter table ${table} drop constraint ${name}`));
    }
    return new BackupLoad(tx, foreignKeys);
  }

  /** @param lines one JSON object each, columns by name. */
  async insert(table: string, lines: readonly string[]): Promise<void> {
    const columns = await this.#columnsOf(table);
    let [batch, characters]: [string[], number] = [[], 0];
    for (const [index, line] of lines.entries()) {
      batch.push(line);
      characters += line.length;
      if (characters < batchCharacters && index < lines.length - 1) continue;
      const json = `[${batch.join(',')}]`;
      const list = sql.raw(columns.map((column) => `"${column}"`).join(', '));
      const name = sql.raw(`"${table}"`);
      await this.tx.execute(sql`
        insert into ${name} (${list}) overriding system value
        select ${list} from json_populate_recordset(null::${name}, ${json}::text::json)`);
      [batch, characters] = [[], 0];
    }
  }

  /**
   * Puts the references back, lets the numbers go on after the highest, ends all leases, and brings the schema up to this version.
   * What was done with the rows since the backup is not known: nothing of it is done again unasked.
   *
   * @param startedAt of the backup.
   */
  async finish(startedAt: Date): Promise<void> {
    for (const { table, name, definition } of this.foreignKeys) {
      await this.tx.execute(sql.raw(`alter table ${table} add constraint ${name} ${definition}`));
    }
    await continueNumbers(this.tx);
    await endLeases(this.tx);
    await migrateWithin(this.tx);
    await leaveUnsent(this.tx);
    await closeDoors(this.tx, startedAt);
  }

  async #columnsOf(table: string): Promise<readonly string[]> {
    const known = this.#columns.get(table);
    if (known !== undefined) return known;
    const rows = await this.tx.execute<{ name: string }>(sql`
      select attname::text as name from pg_attribute
      where attrelid = to_regclass(${table}) and attnum > 0 and not attisdropped and attgenerated = ''
      order by attnum`);
    if (rows.length === 0 || !namePattern.test(table)) {
      throw new LoadRefusedError(`The backup has a table ${table} that this Archway does not know.`);
    }
    const columns = rows.map(({ name }) => name);
    this.#columns.set(table, columns);
    return columns;
  }
}

async function requireSchemaOf(tx: Transaction, version: number): Promise<void> {
  const newer = await tx.execute(sql`select 1 from archway_migrations where version > ${version}`);
  if (newer.length === 0) return;
  throw new LoadRefusedError(
    'The database was prepared by a newer version than the one that made the backup. Name a database without tables.',
  );
}

async function requireEmpty(tx: Transaction): Promise<void> {
  for (const table of await existingTables(tx)) {
    const rows = await tx.execute(sql.raw(`select 1 from "${table}" limit 1`));
    if (rows.length === 0) continue;
    throw new LoadRefusedError(
      `The database is not empty: there are rows in ${table}. A restore never mixes with what is there: ` +
        'name an empty database, or an empty data directory.',
    );
  }
}

/** Of ours, those that this version of the schema has. */
async function existingTables(tx: Transaction): Promise<string[]> {
  const rows = await tx.execute<{ name: string }>(sql`
    select name from unnest(${sql.param(tableNames())}::text[]) as name where to_regclass(name) is not null`);
  return rows.map(({ name }) => name);
}

async function readForeignKeys(tx: Transaction): Promise<ForeignKey[]> {
  const rows = await tx.execute<ForeignKey>(sql`
    select conrelid::regclass::text as table, quote_ident(conname) as name,
      pg_get_constraintdef(oid) as definition
    from pg_constraint where contype = 'f' and conrelid in (
      select to_regclass(name) from unnest(${sql.param(await existingTables(tx))}::text[]) as name)
    order by conname`);
  return [...rows];
}

/** Identity columns and serials: what they give out next is above all that is there. */
async function continueNumbers(tx: Transaction): Promise<void> {
  const columns = await tx.execute<{ table: string; column: string; sequence: string }>(sql`
    select attrelid::regclass::text as table, quote_ident(attname) as column,
      pg_get_serial_sequence(attrelid::regclass::text, attname) as sequence
    from pg_attribute where attnum > 0 and not attisdropped
      and attrelid in (select to_regclass(name) from unnest(${sql.param(await existingTables(tx))}::text[]) as name)
      and pg_get_serial_sequence(attrelid::regclass::text, attname) is not null`);
  for (const { table, column, sequence } of columns) {
    await tx.execute(
      sql.raw(`select setval('${sequence}', max(${column})) from ${table} having max(${column}) is not null`),
    );
  }
}

/**
 * Whoever held a lease works on another database. The fences stay, so that they only ever grow. Columns are recognised by their
 * name, wherever they are: `lease_holder` and `leased_until` belong to rows that are claimed.
 */
async function endLeases(tx: Transaction): Promise<void> {
  await tx.execute(sql`update leases set expires_at = 'epoch'`);
  const columns = await tx.execute<{ table: string; column: string }>(sql`
    select attrelid::regclass::text as table, quote_ident(attname) as column from pg_attribute
    where attname in ('lease_holder', 'leased_until') and not attisdropped
      and attrelid in (select to_regclass(name) from unnest(${sql.param(await existingTables(tx))}::text[]) as name)`);
  for (const { table, column } of columns) {
    await tx.execute(sql.raw(`update ${table} set ${column} = null where ${column} is not null`));
  }
}
