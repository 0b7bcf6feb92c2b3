import { freshDatabaseUrl } from '../crash/support/databases.js';
import { GatewayProcess } from './gateway-process.js';

/** A gateway process on a database of its own: embedded, or on the Postgres that the suite runs on. */
export async function startTestGateway(
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  return GatewayProcess.start({ databaseUrl: await freshDatabaseUrl(), environment });
}
