import { join } from 'node:path';
import { openDatabase } from '../../src/db/client.js';
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
  const database = await openDatabase(
    databaseUrl === undefined
      ? { kind: 'embedded', directory: join(gateway.dataDirectory, 'database') }
      : { kind: 'postgres', url: databaseUrl },
  );
  try {
    await database.sql`update doors set open_until = open_until - ${minutes} * interval '1 minute'`;
    await database.sql`update accounts set created_at = created_at - ${minutes} * interval '1 minute' - interval '1 day'`;
  } finally {
    await database.close();
  }
}
