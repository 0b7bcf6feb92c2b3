import { type AddressAlias, readAddressAliases } from '../db/address-aliases.js';
import type { Queries } from '../db/client.js';
import { readIdentities } from '../db/people.js';
import { addressId } from './addresses.js';
import type { Communication } from './parties.js';
import { type Claim, intersection, type Period } from './periods.js';
import type { Tenant } from './tenants.js';

/**
 * Two addresses of one end, such as a phone number and the id that hides it. Nothing is rewritten: whoever has the one has
 * the other, for as long as the provider has not said otherwise.
 */
interface Relation extends Period {
  readonly aliasId: string;
  readonly addressId: string;
}

/** What a record says about the names of one end; undefined for all other records. */
export function aliasOf(tenant: Tenant, content: Communication, at: Date): AddressAlias | undefined {
  if (content.kind !== 'alias') return undefined;
  const id = (value: string) => addressId(tenant.vault, value);
  const aliasId = id(content.alias.value);
  const known = id(content.address.value);
  return aliasId === known ? undefined : { instanceId: tenant.id, aliasId, addressId: known, since: at };
}

async function readRelations(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<Relation[]> {
  const byAlias = new Map<string, AddressAlias[]>();
  for (const row of await readAddressAliases(queries, instanceId, ids)) {
    byAlias.set(row.aliasId, [...(byAlias.get(row.aliasId) ?? []), row]);
  }
  return [...byAlias.values()].flatMap((rows) =>
    rows.map(({ aliasId, addressId: known, since }, index) => ({
      aliasId,
      addressId: known,
      // What was said first holds for all that was before it, too.
      validFrom: index === 0 ? null : since,
      validUntil: rows[index + 1]?.since ?? null,
    })),
  );
}

/**
 * Whose these addresses are, were and will be: by their own identities, or else by those of the same end's other addresses.
 * Where nobody has any of them, an alias counts as the address that it is one of (`personId` is then that address's id).
 */
export async function readClaims(
  queries: Queries,
  instanceId: string,
  addressIds: readonly string[],
): Promise<Claim[]> {
  const wanted = new Set(addressIds);
  const relations = await readRelations(queries, instanceId, addressIds);
  const all = new Set([...wanted, ...relations.flatMap((each) => [each.aliasId, each.addressId])]);
  const identities = await readIdentities(queries, instanceId, [...all]);
  const own = identities.filter((each) => wanted.has(each.addressId));
  const ofOthers = (id: string, other: string, period: Period) =>
    !wanted.has(id)
      ? []
      : identities
          .filter((each) => each.addressId === other)
          .flatMap((each) => {
            const shared = intersection(each, period);
            return shared === undefined ? [] : [{ ...each, ...shared, addressId: id }];
          });
  const shared = relations.flatMap((each) => [
    ...ofOthers(each.aliasId, each.addressId, each),
    ...ofOthers(each.addressId, each.aliasId, each),
  ]);
  const nobodys = relations
    .filter((each) => wanted.has(each.aliasId))
    .map((each) => ({ ...each, id: each.aliasId, addressId: each.aliasId, personId: each.addressId }));
  return [...own, ...shared, ...nobodys];
}

/** The address by which each of these aliases is known now; what is no alias is not among them. */
export async function readKnownAddresses(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const relations = await readRelations(queries, instanceId, ids);
  return new Map(relations.map((each) => [each.aliasId, each.addressId]));
}

/** Each of these with the other addresses of the same end, at any time. */
export async function withOtherAddresses(
  queries: Queries,
  instanceId: string,
  ids: readonly string[],
): Promise<Map<string, string[]>> {
  const relations = await readRelations(queries, instanceId, ids);
  return new Map(
    ids.map((id) => {
      const others = relations.flatMap((each) =>
        each.aliasId === id ? each.addressId : each.addressId === id ? each.aliasId : [],
      );
      return [id, [...new Set([id, ...others])]];
    }),
  );
}
