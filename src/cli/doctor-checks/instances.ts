import type { Database } from '../../db/client.js';
import { readFigures } from '../../db/sink-counts.js';
import { listSinks } from '../../db/sinks.js';
import { countInstance } from '../../db/status.js';
import { type InstanceRow, listAccounts, listInstances } from '../../db/tenancy.js';
import { readSinks } from '../../domain/sinks.js';
import { Tenants } from '../../domain/tenants.js';
import type { Registry } from '../../plugins/registry.js';
import { InstanceKeyError, type MasterKey, openInstanceKey, WrongMasterKeyError } from '../../vault/index.js';
import { type Backlog, checkBacklog } from './backlog.js';
import { type Check, fail, ok } from './check.js';
import { trySinks } from './sinks.js';

/** What the checks of the database's content work on. */
export interface Content {
  readonly database: Database;
  readonly registry: Registry;
  /** Undefined: the sealed parts stay closed. */
  readonly masterKey: MasterKey | undefined;
  /** Name or id of the only instance to check. */
  readonly instance: string | undefined;
  /** Whether a server is delivering at the moment; it knows its sinks better than we do. */
  readonly serverRunning: boolean;
}

/** The checks that read the database itself. */
export async function checkContent(content: Content): Promise<Check[]> {
  const rows = await listInstances(content.database.orm);
  const chosen = rows.filter(({ id, name }) => [undefined, id, name].includes(content.instance));
  if (content.instance !== undefined && chosen.length === 0) {
    return [fail('instances', `there is no instance ${content.instance}`, 'see: archway instance list')];
  }
  const keyChecks = checkInstanceKeys(chosen, content.masterKey);
  const keysFit = content.masterKey !== undefined && keyChecks.every((check) => check.status === 'ok');
  return [
    ...keyChecks,
    ...(keysFit && !content.serverRunning ? await checkSinksOf(content, content.masterKey, chosen) : []),
    await checkPlugins(content),
    checkBacklog(await readBacklog(content.database, chosen)),
  ];
}

/** Whether this master key is the one that the instances were made under. */
export function checkInstanceKeys(
  instances: readonly Pick<InstanceRow, 'id' | 'name' | 'wrappedKey'>[],
  masterKey: MasterKey | undefined,
): Check[] {
  const name = 'instance keys';
  if (instances.length === 0) return [ok(name, 'there are no instances yet')];
  if (masterKey === undefined) {
    return [
      fail(
        name,
        `${instances.length} instance(s) are sealed under a master key that is missing or cannot be used`,
        'see the check of the master key',
      ),
    ];
  }
  const problems = instances.flatMap(({ id, wrappedKey }) => {
    try {
      openInstanceKey(masterKey, id, wrappedKey);
      return [];
    } catch (error) {
      if (!(error instanceof WrongMasterKeyError || error instanceof InstanceKeyError)) throw error;
      return [fail(name, error.message, 'nothing of this instance can be read until then')];
    }
  });
  return problems.length > 0 ? problems : [ok(name, `the master key opens ${instances.length} instance(s)`)];
}

async function checkSinksOf(
  { database, registry }: Content,
  masterKey: MasterKey,
  instances: readonly InstanceRow[],
): Promise<Check[]> {
  const tenants = await new Tenants(database, masterKey).list();
  const checks: Check[] = [];
  for (const tenant of tenants.filter(({ id }) => instances.some((instance) => instance.id === id))) {
    checks.push(...(await trySinks(tenant.name, await readSinks(database.orm, tenant, registry))));
  }
  return checks;
}

/** Accounts and sinks whose plugin is not installed: their traffic is refused, their deliveries wait. */
async function checkPlugins({ database, registry }: Content): Promise<Check> {
  const accounts = (await listAccounts(database.orm)).map((row) => row.connector);
  const sinks = (await listSinks(database.orm)).map((row) => row.type);
  const missing = new Set([
    ...accounts.filter((id) => registry.connector(id) === undefined).map((id) => `connector ${id}`),
    ...sinks.filter((id) => registry.sink(id) === undefined).map((id) => `sink type ${id}`),
  ]);
  if (missing.size === 0)
    return ok('plugins', `installed for all ${accounts.length} account(s) and ${sinks.length} sink(s)`);
  return fail(
    'plugins',
    `accounts or sinks need what is not installed: ${[...missing].join(', ')}`,
    'install the plugin again, or name it in ARCHWAY_PLUGINS; until then its webhooks are refused and its deliveries wait',
  );
}

async function readBacklog(database: Database, instances: readonly InstanceRow[]): Promise<Backlog[]> {
  const backlogs: Backlog[] = [];
  for (const { id, name } of instances) {
    const { capturesQuarantined } = await countInstance(database.orm, id);
    const deliveries = [...(await readFigures(database.orm, id)).values()];
    const dead = deliveries.reduce((sum, counts) => sum + counts.dead, 0);
    backlogs.push({ instance: name, quarantined: capturesQuarantined, dead });
  }
  return backlogs;
}
