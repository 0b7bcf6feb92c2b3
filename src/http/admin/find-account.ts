import { type Account, readAccounts } from '../../domain/accounts.js';
import type { Tenant } from '../../domain/tenants.js';
import { findByIdOrName } from './access.js';
import type { AdminOptions } from './options.js';

/** @throws {ProblemError} 404 when there is none, 400 when a name means several. */
export async function findAccount(
  { database, registry }: Pick<AdminOptions, 'database' | 'registry'>,
  tenant: Tenant,
  idOrName: string,
): Promise<Account> {
  return findByIdOrName('account', await readAccounts(database.orm, tenant, registry), idOrName);
}
