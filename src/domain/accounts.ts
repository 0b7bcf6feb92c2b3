import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { wakeMediaJobs } from '../db/media-jobs.js';
import { resumeSending } from '../db/outbound.js';
import { hurryReconciliations } from '../db/reconciliations.js';
import { type AccountRow, insertAccount, listAccounts, updateAccount } from '../db/tenancy.js';
import type { Registry } from '../plugins/registry.js';
import type { Connector } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import { parseSettings } from './settings.js';
import type { Tenant } from './tenants.js';

export interface Account {
  readonly id: string;
  readonly instanceId: string;
  readonly name: string;
  readonly connector: Connector;
  readonly settings: Record<string, unknown>;
  readonly ownAddresses: readonly string[];
}

/** Thrown when an account or sink names a plugin that is not installed. */
export class UnknownPluginError extends Error {
  override readonly name = 'UnknownPluginError';
}

interface SealedAccount {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

const place = (id: string) => ({ table: 'accounts', id, column: 'sealed' });

/**
 * Adds an account; its name and settings are sealed.
 *
 * @throws {UnknownPluginError} @throws {SettingsError}
 */
export async function addAccount(
  tx: Queries,
  tenant: Tenant,
  registry: Registry,
  request: { connector: string; name: string; settings: unknown },
): Promise<Account> {
  const connector = requireConnector(registry, request.connector);
  const settings = parseSettings(connector.id, connector.settings, request.settings);
  const id = newId();
  const sealed = tenant.vault.sealJson({ name: request.name, settings } satisfies SealedAccount, place(id));
  await insertAccount(tx, { id, instanceId: tenant.id, connector: connector.id, sealed });
  return account(id, tenant.id, request.name, connector, settings);
}

/**
 * Changes settings of an account and keeps the others; null takes one away. Its id and its webhook URLs stay. Let them
 * be taken over, then call `retryAccount`.
 *
 * @throws {SettingsError}
 */
export async function changeAccount(
  tx: Queries,
  tenant: Tenant,
  current: Account,
  changes: Readonly<Record<string, unknown>>,
): Promise<Account> {
  const { id, name, connector } = current;
  const merged = Object.entries({ ...current.settings, ...changes }).filter(([, value]) => value !== null);
  const settings = parseSettings(connector.id, connector.settings, Object.fromEntries(merged));
  const sealed = tenant.vault.sealJson({ name, settings } satisfies SealedAccount, place(id));
  await updateAccount(tx, { id, sealed });
  return account(id, tenant.id, name, connector, settings);
}

/**
 * Lets what waits because of an account's old settings be tried at once. Call when the new ones are in use: what is tried
 * before that fails by the old ones, and waits once more.
 */
export async function retryAccount(tx: Queries, accountId: string): Promise<void> {
  await resumeSending(tx, accountId);
  await wakeMediaJobs(tx, accountId);
  await hurryReconciliations(tx, accountId);
}

function requireConnector(registry: Registry, id: string): Connector {
  const connector = registry.connector(id);
  if (connector !== undefined) return connector;
  const known = registry.connectors.map((each) => each.id).join(', ');
  throw new UnknownPluginError(`There is no connector ${id}. Installed: ${known}.`);
}

/** The accounts of a tenant. One whose connector was uninstalled is left out; `doctor` names it. */
export async function readAccounts(queries: Queries, tenant: Tenant, registry: Registry): Promise<Account[]> {
  const rows = await listAccounts(queries, tenant.id);
  return rows.flatMap((row) => openAccount(row, tenant.vault, registry) ?? []);
}

function openAccount(row: AccountRow, vault: InstanceVault, registry: Registry): Account | undefined {
  const connector = registry.connector(row.connector);
  if (connector === undefined) return undefined;
  const { name, settings } = vault.openJson(row.sealed, place(row.id)) as SealedAccount;
  return account(row.id, row.instanceId, name, connector, settings);
}

function account(
  id: string,
  instanceId: string,
  name: string,
  connector: Connector,
  settings: Record<string, unknown>,
): Account {
  return { id, instanceId, name, connector, settings, ownAddresses: connector.ownAddresses(settings) };
}

/** The URLs to paste into the provider's console, by endpoint. */
export function webhookUrls(account: Account, publicUrl: string): Record<string, string> {
  const suffix = account.connector.webhookUrlSuffix ?? '';
  return Object.fromEntries(
    Object.keys(account.connector.webhooks).map((endpoint) => [
      endpoint,
      `${publicUrl}/webhooks/${account.id}/${endpoint}${suffix}`,
    ]),
  );
}
