import type { Mention } from '../../db/message-page.js';
import { withOtherAddresses } from '../../domain/address-aliases.js';
import { addressId } from '../../domain/addresses.js';
import { type PersonRole, type PersonWithIdentities, readPeople } from '../../domain/people.js';
import type { Tenant } from '../../domain/tenants.js';
import { findByIdOrName } from './access.js';
import { findAccount } from './find-account.js';
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
  options: AdminOptions,
  tenant: Tenant,
  wanted: string | undefined,
): Promise<string | undefined> {
  return wanted === undefined ? undefined : (await findAccount(options, tenant, wanted)).id;
}

/** Ids or names of people, and an address. */
export interface PartyFilter {
  readonly custodian?: string | undefined;
  readonly contact?: string | undefined;
  readonly address?: string | undefined;
}

/** Those who must have taken part. Of a contact there is the least, as a rule. */
export async function partiesOf(
  options: AdminOptions,
  tenant: Tenant,
  { custodian, contact, address }: PartyFilter,
): Promise<Mention[][]> {
  const idOf = (value: string) => addressId(tenant.vault, value);
  const mentionsOf = (people: readonly PersonWithIdentities[]) =>
    people.map(({ identities }) => identities.map((link) => ({ ...link, addressId: idOf(link.address) })));
  const always = { validFrom: null, validUntil: null };
  const mentions = [
    ...mentionsOf(await peopleOf(options, tenant, 'custodian', custodian)),
    ...(address === undefined ? [] : [[{ addressId: idOf(address), ...always }]]),
    ...mentionsOf(await peopleOf(options, tenant, 'contact', contact)),
  ];
  const ids = mentions.flat().map((mention) => mention.addressId);
  const others = await withOtherAddresses(options.database.orm, tenant.id, [...new Set(ids)]);
  return mentions.map((each) =>
    each.flatMap((mention) =>
      (others.get(mention.addressId) ?? []).map((id) => ({ ...mention, addressId: id })),
    ),
  );
}
