import { readAccounts } from '../../domain/accounts.js';
import { type PersonRole, type PersonWithIdentities, readPeople } from '../../domain/people.js';
import type { Tenant } from '../../domain/tenants.js';
import { findByIdOrName } from './access.js';
import type { AdminOptions } from './options.js';

/** Nobody or one: for use beside others that must take part. */
export async function peopleOf(
  { database }: AdminOptions,
  tenant: Tenant,
  role: PersonRole,
  wanted: string | undefined,
): Promise<PersonWithIdentities[]> {
  if (wanted === undefined) return [];
  return [findByIdOrName(role, await readPeople(database.orm, tenant, role), wanted)];
}

export async function accountIdOf(
  { database, registry }: AdminOptions,
  tenant: Tenant,
  wanted: string | undefined,
): Promise<string | undefined> {
  if (wanted === undefined) return undefined;
  return findByIdOrName('account', await readAccounts(database.orm, tenant, registry), wanted).id;
}
