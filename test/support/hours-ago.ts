import { join } from 'node:path';
import { type Database, openDatabase } from '../../src/db/client.js';
import type { GatewayProcess } from './gateway-process.js';

const minute = 60_000;

export function minutesAgo(minutes: number): Date {
  return new Date(Date.now() - minutes * minute);
}

/**
 * Makes a gateway that is stopped believe that it has been for so long: moves until when its door was open, and since when
 * its accounts exist, back in time.
 */
export async function letPass(
  gateway: GatewayProcess,
  minutes: number,
  databaseUrl: string | undefined,
): Promise<void> {
  await changeAtRest(gateway, databaseUrl, async ({ sql }) => {
    await sql`update doors set open_until = open_until - ${minutes} * interval '1 minute'`;
    await sql`update accounts set created_at = created_at - ${minutes} * interval '1 minute' - interval '1 day'`;
  });
}

/** Changes the database of a gateway that is stopped, such as what stands there of times. */
export async function changeAtRest(
  gateway: GatewayProcess,
  databaseUrl: string | undefined,
  change: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(
    databaseUrl === undefined
      ? { kind: 'embedded', directory: join(gateway.dataDirectory, 'database') }
      : { kind: 'postgres', url: databaseUrl },
  );
  try {
    await change(database);
  } finally {
    await database.close();
  }
}
