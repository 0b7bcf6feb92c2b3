import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import {
  type IdentityRow,
  insertIdentities,
  readIdentities,
  readIdentity,
  updatePeriod,
} from '../db/people.js';
import { holdJournal } from '../db/threads.js';
import { addressId, canonicalAddress } from './addresses.js';
import { overlap, type Period } from './periods.js';
import type { Tenant } from './tenants.js';
import { refreshAddresses } from './threads.js';

/** Links an address to a person for a period; open-ended where a bound is null. */
export interface Identity extends Period {
  readonly id: string;
  readonly personId: string;
  readonly address: string;
}

export type NewLink = Omit<Identity, 'id'>;

export const identityPlace = (id: string) => ({ table: 'identities', id, column: 'sealed' });

/** An address belongs to one person at a time; this one has another, or the same one already. */
export interface Collision {
  /** Place of the refused one among those that were given. */
  readonly index: number;
  readonly taken: Period & { readonly identityId: string | undefined; readonly personId: string };
}

export class AddressTakenError extends Error {
  override readonly name = 'AddressTakenError';

  constructor(readonly collisions: readonly Collision[]) {
    super(
      `${collisions.length} address(es) belong to somebody in that period. An address belongs to one person at a time: end the other identity first, or give a period that does not overlap with it.`,
    );
  }
}

export class PeriodError extends Error {
  override readonly name = 'PeriodError';
}

/**
 * Gives addresses to people, and sorts what these addresses said before to their conversations. MUST run inside a
 * transaction, which holds the journal until its end.
 *
 * @throws {AddressTakenError} when an address has an owner in that period, or is given twice. @throws {PeriodError}
 */
export async function linkAddresses(
  tx: Queries,
  tenant: Tenant,
  links: readonly NewLink[],
): Promise<Identity[]> {
  await holdJournal(tx, tenant.id);
  for (const link of links) checkPeriod(link);
  const { vault } = tenant;
  const rows = links.map(({ personId, address, validFrom, validUntil }) => {
    const id = newId();
    const canonical = canonicalAddress(address);
    const sealed = vault.sealText(canonical, identityPlace(id));
    const lookup = addressId(vault, canonical);
    return { id, instanceId: tenant.id, personId, addressId: lookup, sealed, validFrom, validUntil };
  });
  const addressIds = rows.map((row) => row.addressId);
  const collisions = findCollisions(rows, await readIdentities(tx, tenant.id, addressIds));
  if (collisions.length > 0) throw new AddressTakenError(collisions);
  await insertIdentities(tx, rows);
  await refreshAddresses(tx, tenant, addressIds);
  return rows.map(({ id }, index) => {
    const { personId, address, validFrom, validUntil } = links[index] as NewLink;
    return { id, personId, address: canonicalAddress(address), validFrom, validUntil };
  });
}

type Held = Pick<IdentityRow, 'addressId' | 'personId' | 'validFrom' | 'validUntil'> & { id?: string };

export function findCollisions(given: readonly Held[], existing: readonly IdentityRow[]): Collision[] {
  const held = new Map<string, Held[]>();
  for (const row of existing) held.set(row.addressId, [...(held.get(row.addressId) ?? []), row]);
  const known = new Set(existing.map(({ id }) => id));
  return given.flatMap((row, index) => {
    const others = held.get(row.addressId) ?? [];
    held.set(row.addressId, [...others, row]);
    const other = others.find((each) => overlap(each, row));
    if (other === undefined) return [];
    const { id, personId, validFrom, validUntil } = other;
    const identityId = id !== undefined && known.has(id) ? id : undefined;
    return [{ index, taken: { identityId, personId, validFrom, validUntil } }];
  });
}

/**
 * Changes the period of an identity, such as its end when a number passes to somebody else.
 *
 * @returns undefined when there is no such identity.
 * @throws {AddressTakenError} @throws {PeriodError}
 */
export async function changePeriod(
  tx: Queries,
  tenant: Tenant,
  id: string,
  change: Partial<Period>,
): Promise<Identity | undefined> {
  await holdJournal(tx, tenant.id);
  const row = await readIdentity(tx, tenant.id, id);
  if (row === undefined) return undefined;
  const { validFrom = row.validFrom, validUntil = row.validUntil } = change;
  checkPeriod({ validFrom, validUntil });
  const others = (await readIdentities(tx, tenant.id, [row.addressId])).filter((each) => each.id !== id);
  const collisions = findCollisions([{ ...row, validFrom, validUntil }], others);
  if (collisions.length > 0) throw new AddressTakenError(collisions);
  await updatePeriod(tx, id, { validFrom, validUntil });
  await refreshAddresses(tx, tenant, [row.addressId]);
  const address = tenant.vault.openText(row.sealed, identityPlace(id));
  return { id, personId: row.personId, address, validFrom, validUntil };
}

function checkPeriod({ validFrom, validUntil }: Period): void {
  if (validFrom !== null && validUntil !== null && validFrom >= validUntil) {
    throw new PeriodError(
      'The period ends before it begins. Give a validUntil that is later than validFrom.',
    );
  }
}
