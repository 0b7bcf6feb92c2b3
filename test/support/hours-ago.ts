import { join } from 'node:path';
import { type Database, type DatabaseLocation, openDatabase } from '../../src/db/client.js';
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

/** Makes the minute pass for which a node that died holds its leases. */
export async function letLeasesEnd(databaseUrl: string): Promise<void> {
  await withDatabase({ kind: 'postgres', url: databaseUrl }, async ({ sql }) => {
    const { count } = await sql`
      update leases set expires_at = expires_at - interval '1 minute' where expires_at > now()`;
    if (count === 0) throw new Error('Nobody holds a lease.');
    await sql`update lanes set leased_until = leased_until - interval '1 minute'`;
  });
}

/** Changes the database of a gateway that is stopped, such as what stands there of times. */
export async function changeAtRest(
  gateway: GatewayProcess,
  databaseUrl: string | undefined,
  change: (database: Database) => Promise<void>,
): Promise<void> {
  const location: DatabaseLocation =
    databaseUrl === undefined
      ? { kind: 'embedded', directory: join(gateway.dataDirectory, 'database') }
      : { kind: 'postgres', url: databaseUrl };
  await withDatabase(location, change);
}

async function withDatabase(
  location: DatabaseLocation,
  use: (database: Database) => Promise<void>,
): Promise<void> {
  const database = await openDatabase(location);
  try {
    await use(database);
  } finally {
    await database.close();
  }
}
