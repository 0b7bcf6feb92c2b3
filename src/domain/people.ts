import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { insertPerson, listPeople, type PersonRow, resolveAddresses } from '../db/people.js';
import type { Person } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import type { Tenant } from './tenants.js';

export type PersonRole = PersonRow['role'];

export interface PersonWithAddresses extends Person {
  readonly role: PersonRole;
  readonly addresses: readonly string[];
}

const personPlace = (id: string) => ({ table: 'people', id, column: 'sealed' });
const identityPlace = (id: string) => ({ table: 'identities', id, column: 'sealed' });

/** Keyed id of an address, by which it is found again without being stored in clear. */
export function addressId(vault: InstanceVault, address: string): string {
  return vault.lookupId('address', canonicalAddress(address));
}

/** `whatsapp:+1…` and `+1 (202) …` are the address `+1202…`; e-mail is lower case. */
export function canonicalAddress(address: string): string {
  const bare = address.trim().replace(/^(whatsapp|tel|sms):/i, '');
  if (bare.includes('@')) return bare.toLowerCase();
  return /^\+[\d\s().-]+$/.test(bare) ? `+${bare.replaceAll(/\D/g, '')}` : bare;
}

/** Adds a custodian or contact with the addresses that are theirs from now on, and have always been. */
export async function addPerson(
  tx: Queries,
  tenant: Tenant,
  request: { role: PersonRole; name: string; addresses: readonly string[] },
): Promise<PersonWithAddresses> {
  const id = newId();
  const { vault } = tenant;
  const links = request.addresses.map((address) => {
    const identity = newId();
    return {
      id: identity,
      instanceId: tenant.id,
      personId: id,
      addressId: addressId(vault, address),
      sealed: vault.sealText(canonicalAddress(address), identityPlace(identity)),
    };
  });
  const sealed = vault.sealJson({ name: request.name }, personPlace(id));
  await insertPerson(tx, { id, instanceId: tenant.id, role: request.role, sealed }, links);
  return { id, name: request.name, role: request.role, addresses: request.addresses.map(canonicalAddress) };
}

export async function readPeople(
  queries: Queries,
  tenant: Tenant,
  role: PersonRole,
): Promise<PersonWithAddresses[]> {
  const rows = await listPeople(queries, tenant.id, role);
  return rows.map(({ person, identities }) => ({
    ...openPerson(tenant.vault, person),
    role,
    addresses: identities.map((row) => tenant.vault.openText(row.sealed, identityPlace(row.id))),
  }));
}

function openPerson(vault: InstanceVault, row: PersonRow): Person {
  const { name } = vault.openJson(row.sealed, personPlace(row.id)) as { name: string };
  return { id: row.id, name };
}

export interface Resolved {
  readonly custodians: ReadonlyMap<string, Person>;
  readonly contacts: ReadonlyMap<string, Person>;
}

/** Who stands behind these address ids now; the first link wins where an address has two. */
export async function resolvePeople(
  queries: Queries,
  tenant: Tenant,
  addressIds: readonly string[],
  at: Date,
): Promise<Resolved> {
  const rows = await resolveAddresses(queries, tenant.id, addressIds, at);
  const custodians = new Map<string, Person>();
  const contacts = new Map<string, Person>();
  for (const { addressId: id, person } of rows) {
    const map = person.role === 'custodian' ? custodians : contacts;
    if (!map.has(id)) map.set(id, openPerson(tenant.vault, person));
  }
  return { custodians, contacts };
}
