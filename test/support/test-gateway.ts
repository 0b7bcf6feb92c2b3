import { onTestFinished } from 'vitest';
import { openTestDatabase } from './database.js';
import { GatewayProcess } from './gateway-process.js';

/** A gateway process on a database of its own: embedded, or on the Postgres that the suite runs on. */
export async function startTestGateway(
  environment: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  if (process.env.ARCHWAY_TEST_DATABASE_URL === undefined) return GatewayProcess.start({ environment });
  const opened = await openTestDatabase();
  onTestFinished(() => opened.close());
  const { location } = opened;
  const databaseUrl = location.kind === 'postgres' ? location.url : undefined;
  return GatewayProcess.start({ databaseUrl, environment });
}
