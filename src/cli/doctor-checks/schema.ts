import type { Database } from '../../db/client.js';
import { appliedMigrations, knownMigrations } from '../../db/migrate.js';
import { type Check, fail, ok, warn } from './check.js';

const name = 'schema';

export interface SchemaFinding {
  readonly check: Check;
  /** Whether the tables are those that this version reads. */
  readonly current: boolean;
}

/** Compares the migrations of the database with those of this version, and applies none. */
export async function checkSchema({ orm }: Database): Promise<SchemaFinding> {
  const known = knownMigrations().map((each) => each.folderMillis);
  const applied = await appliedMigrations(orm);
  if (applied === undefined) {
    const check = warn(name, 'the database is empty', 'archway serve makes the tables at its first start');
    return { check, current: false };
  }
  return compareMigrations(known, applied);
}

export function compareMigrations(known: readonly number[], applied: readonly number[]): SchemaFinding {
  const unknown = applied.filter((version) => !known.includes(version)).length;
  const missing = known.filter((version) => !applied.includes(version)).length;
  if (unknown > 0) {
    const check = fail(
      name,
      `a newer Archway has migrated this database (${unknown} migration(s) unknown to this version)`,
      'run that version, or restore a backup made by this one: migrations do not go back',
    );
    return { check, current: false };
  }
  if (missing > 0) {
    const check = warn(
      name,
      `${missing} migration(s) are waiting`,
      'back the database up; archway serve or archway migrate then applies them',
    );
    return { check, current: false };
  }
  return { check: ok(name, `all ${known.length} migration(s) applied`), current: true };
}
