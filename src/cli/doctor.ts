import { type Config, ConfigError } from '../config/index.js';
import type { Registry } from '../plugins/registry.js';
import type { MasterKey } from '../vault/index.js';
import { checkApiKey } from './doctor-checks/api-key.js';
import { checkBacklog } from './doctor-checks/backlog.js';
import { type Check, fail, ok } from './doctor-checks/check.js';
import { checkCustodians } from './doctor-checks/custodians.js';
import { checkDataDirectory } from './doctor-checks/data-directory.js';
import { checkClock, checkDurability } from './doctor-checks/database.js';
import { checkContent } from './doctor-checks/instances.js';
import { checkMasterKey } from './doctor-checks/master-key.js';
import { openForChecks } from './doctor-checks/opened-database.js';
import { checkPlugins } from './doctor-checks/plugins.js';
import { checkPublicUrl } from './doctor-checks/public-url.js';
import { checkSchema } from './doctor-checks/schema.js';
import { checkServer, type ServerFinding } from './doctor-checks/server.js';
import { checkSinkStates, checkUnmatched } from './doctor-checks/sinks.js';
import { checkSpool } from './doctor-checks/spool.js';
import { checkTestEndpoints } from './doctor-checks/test-endpoints.js';
import { rootMessage } from './errors.js';
import { exitCodes } from './exit-codes.js';
import type { Output } from './output.js';
import type { Context } from './shell.js';

/** Checks a set-up from the configuration to the archive, changes nothing in it, and says what to do. */
export async function doctor(context: Context): Promise<number> {
  const checks = await examine(context);
  if (context.output.json) await context.output.value(checks);
  else await printChecks(context.output, checks);
  return checks.some((check) => check.status === 'fail') ? exitCodes.trouble : exitCodes.fine;
}

async function examine(context: Context): Promise<Check[]> {
  try {
    const config = context.config();
    return [
      ok('configuration', 'every variable is understood'),
      ...(await examineSetUp(config, context.instance)),
    ];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const remedy = 'correct the environment; the other checks need it';
    return error.problems.map((problem) => fail('configuration', problem, remedy));
  }
}

async function examineSetUp(config: Config, instance: string | undefined): Promise<Check[]> {
  const dataDirectory = await checkDataDirectory(config.dataDirectory);
  const { check: masterKeyCheck, masterKey } = await checkMasterKey(config);
  const { checks: pluginChecks, registry } = await checkPlugins(config.plugins);
  const server = await checkServer(config, instance);
  return [
    ...pluginChecks,
    dataDirectory,
    masterKeyCheck,
    await checkApiKey(config),
    server.check,
    ...(await examineDatabase(config, { instance, masterKey, registry, server })),
    ...checkReport(server),
    checkPublicUrl(config),
    ...checkTestEndpoints(config, server.report?.status),
    await checkSpool(config.spool),
  ];
}

interface Known {
  readonly instance: string | undefined;
  readonly masterKey: MasterKey | undefined;
  readonly registry: Registry | undefined;
  readonly server: ServerFinding;
}

async function examineDatabase(
  config: Config,
  { instance, masterKey, registry, server }: Known,
): Promise<Check[]> {
  const opened = await openForChecks(config, server.running);
  if (opened.database === undefined) return [opened.check, ...checkBacklogOf(server)];
  const { database } = opened;
  try {
    const { check, current } = await checkSchema(database);
    const checks = [await checkDurability(database), await checkClock(database), check];
    if (!current || registry === undefined) return checks;
    const content = { database, registry, masterKey, instance, serverRunning: server.running };
    return [...checks, ...(await checkContent(content))];
  } catch (error) {
    const detail = `a query failed: ${rootMessage(error)}`;
    return [fail('database', detail, 'see the log of the database; run archway doctor again')];
  } finally {
    await opened.close();
  }
}

/** While the embedded database belongs to the server, the server tells what waits in it. */
function checkBacklogOf({ report }: ServerFinding): Check[] {
  if (report === undefined) return [];
  const { captures, deliveries } = report.status;
  return [checkBacklog([{ instance: undefined, quarantined: captures.quarantined, dead: deliveries.dead }])];
}

function checkReport({ report }: ServerFinding): Check[] {
  if (report === undefined) return [];
  const { status } = report;
  return [
    ...checkSinkStates(report.sinks),
    ...checkUnmatched(status.unmatched),
    ...checkCustodians(status.unassignedOwnAddresses),
  ];
}

async function printChecks(output: Output, checks: readonly Check[]): Promise<void> {
  const width = Math.max(...checks.map((check) => check.name.length));
  for (const { status, name, detail, remedy } of checks) {
    await output.lines(`${status.padEnd(4)}  ${name.padEnd(width)}  ${detail}`);
    if (remedy !== undefined) await output.lines(`${' '.repeat(width + 8)}→ ${remedy}`);
  }
}
