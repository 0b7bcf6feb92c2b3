import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { type IdentityRow, insertPeople, listPeople, type PersonRow, readPeopleById } from '../db/people.js';
import type { Content, Person } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';
import { readClaims } from './address-aliases.js';
import { canonicalAddress } from './addresses.js';
import { type Identity, identityPlace, linkAddresses } from './identities.js';
import { type Claim, holdsAt, type Period } from './periods.js';
import type { Tenant } from './tenants.js';

export type PersonRole = PersonRow['role'];

export interface KnownPerson extends Person {
  readonly role: PersonRole;
}

export interface PersonWithIdentities extends KnownPerson {
  readonly identities: readonly Identity[];
}

const personPlace = (id: string) => ({ table: 'people', id, column: 'sealed' });

/** Adds people without addresses; the ids come in the same order. */
export async function addPeople(
  tx: Queries,
  tenant: Tenant,
  given: readonly { role: PersonRole; name: string }[],
): Promise<KnownPerson[]> {
  const added = given.map(({ role, name }) => ({ id: newId(), role, name }));
  const createdAt = new Date();
  await insertPeople(
    tx,
    added.map(({ id, role, name }) => ({
      id,
      instanceId: tenant.id,
      role,
      sealed: tenant.vault.sealJson({ name }, personPlace(id)),
      createdAt,
    })),
  );
  return added;
}

/**
 * Adds a custodian or contact with the addresses that are theirs for a period; without one, that always were and will be.
 *
 * @throws {AddressTakenError}
 */
export async function addPerson(
  tx: Queries,
  tenant: Tenant,
  request: { role: PersonRole; name: string; addresses: readonly string[] } & Partial<Period>,
): Promise<PersonWithIdentities> {
  const { role, name, addresses, validFrom = null, validUntil = null } = request;
  const [person] = (await addPeople(tx, tenant, [{ role, name }])) as [KnownPerson];
  const canonical = [...new Set(addresses.map(canonicalAddress))];
  const links = canonical.map((address) => ({ personId: person.id, address, validFrom, validUntil }));
  return { ...person, identities: await linkAddresses(tx, tenant, links) };
}

export async function readPeople(
  queries: Queries,
  tenant: Tenant,
  role?: PersonRole,
): Promise<PersonWithIdentities[]> {
  const rows = await listPeople(queries, tenant.id, role);
  return rows.map(({ person, identities }) => ({
    ...openPerson(tenant.vault, person),
    identities: identities.map((row) => openIdentity(tenant.vault, row)),
  }));
}

function openPerson(vault: InstanceVault, row: PersonRow): KnownPerson {
  const { name } = vault.openJson(row.sealed, personPlace(row.id)) as { name: string };
  return { id: row.id, name, role: row.role };
}

export function openIdentity(vault: InstanceVault, row: IdentityRow): Identity {
  const { id, personId, validFrom, validUntil } = row;
  const address = vault.openText(row.sealed, identityPlace(id));
  return { id, personId, address, validFrom, validUntil };
}

export async function readPersons(
  queries: Queries,
  tenant: Tenant,
  ids: readonly string[],
): Promise<Map<string, KnownPerson>> {
  const rows = await readPeopleById(queries, [...new Set(ids)]);
  return new Map([...rows].map(([id, row]) => [id, openPerson(tenant.vault, row)]));
}

/** Who stands behind an address at a time; of two the one that was linked first. */
export type Resolve = (addressId: string, at: Date) => KnownPerson | undefined;

/** Reads whose these addresses are and were: one answer for every time. */
export async function resolvePeople(
  queries: Queries,
  tenant: Tenant,
  addressIds: readonly string[],
): Promise<Resolve> {
  const rows = await readClaims(queries, tenant.id, [...new Set(addressIds)]);
  const persons = await readPersons(
    queries,
    tenant,
    rows.map((row) => row.personId),
  );
  const byAddress = new Map<string, Claim[]>();
  for (const row of rows) byAddress.set(row.addressId, [...(byAddress.get(row.addressId) ?? []), row]);
  return (addressId, at) => {
    const row = byAddress.get(addressId)?.find((each) => holdsAt(each, at));
    return row && persons.get(row.personId);
  };
}

/** Whom a record concerns, of those who are known. */
export interface Parties {
  readonly custodian?: Person | undefined;
  readonly contact?: Person | undefined;
}

/** As they were resolved when the record was made. */
export function partiesIn(content: Content): Parties {
  if (!('custodian' in content || 'contact' in content)) return {};
  const { custodian, contact } = content;
  return { custodian, contact };
}

/** The first custodian and the first contact. */
export function firstParties(all: readonly Parties[]): Parties {
  return {
    custodian: all.find(({ custodian }) => custodian !== undefined)?.custodian,
    contact: all.find(({ contact }) => contact !== undefined)?.contact,
  };
}

/** The custodian and the contact among these addresses: the first of each. */
export function partiesAt(resolve: Resolve, addressIds: readonly string[], at: Date): Parties {
  const found = addressIds.flatMap((id) => resolve(id, at) ?? []);
  const first = (wanted: PersonRole) => {
    const person = found.find(({ role }) => role === wanted);
    return person && { id: person.id, name: person.name };
  };
  return { custodian: first('custodian'), contact: first('contact') };
}
