import type { Config } from '../config/index.js';
import { openDatabase } from '../db/client.js';
import { migrateDatabase } from '../db/migrate.js';
import { openDataDirectory } from '../gateway/data-directory.js';

/** Brings the database up to this version without serving, such as with the rights of its owner. Returns the exit code. */
export async function migrate(config: Config): Promise<number> {
  // The embedded database lies in the data directory, which belongs to one process at a time.
  const data =
    config.database.kind === 'embedded' ? await openDataDirectory(config.dataDirectory) : undefined;
  try {
    const database = await openDatabase(config.database);
    try {
      const { applied } = await migrateDatabase(database);
      process.stdout.write(
        applied === 0 ? 'The database is up to date.\n' : `Applied ${applied} migration(s).\n`,
      );
    } finally {
      await database.close();
    }
  } finally {
    data?.release();
  }
  return 0;
}
