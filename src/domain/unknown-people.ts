import type { Queries } from '../db/client.js';
import { listUnknown } from '../db/conversations.js';
import { readIdentities } from '../db/people.js';
import type { Account } from './accounts.js';
import { withOtherAddresses } from './address-aliases.js';
import { addressId, canonicalAddress } from './addresses.js';
import { readAddresses } from './conversation-view.js';
import { holdsAt } from './periods.js';
import type { Tenant } from './tenants.js';

/** An address that was nobody's when something was said under it. Times are ISO 8601. */
export interface UnknownPerson {
  readonly id: string;
  readonly address: string | null;
  readonly scheme: string | null;
  /** As its owner claims, by the provider. */
  readonly name: string | null;
  readonly own: boolean;
  readonly accounts: string[];
  readonly records: number;
  readonly firstAt: string;
  readonly lastAt: string;
}

export async function readUnknownPeople(
  queries: Queries,
  tenant: Tenant,
  page: { after: string; limit: number; own: boolean | undefined },
): Promise<UnknownPerson[]> {
  const rows = await listUnknown(queries, { instanceId: tenant.id, ...page });
  const ids = rows.map((row) => row.addressId);
  const others = await withOtherAddresses(queries, tenant.id, ids);
  const addresses = await readAddresses(queries, tenant, [...new Set([...others.values()].flat())]);
  const named = (id: string) =>
    others
      .get(id)
      ?.map((other) => addresses.get(other))
      .find((each) => each?.name !== undefined);
  return rows.map(({ addressId: id, own, accountIds, records, firstAt, lastAt }) => {
    const address = addresses.get(id);
    return {
      id,
      address: address?.value ?? null,
      scheme: address?.scheme ?? null,
      name: address?.name ?? named(id)?.name ?? null,
      own,
      accounts: [...accountIds],
      records,
      firstAt: firstAt.toISOString(),
      lastAt: lastAt.toISOString(),
    };
  });
}

/** The accounts' own addresses that are nobody's at this time, whether anything was said under them or not. */
export async function findUnassignedAddresses(
  queries: Queries,
  tenant: Tenant,
  accounts: readonly Account[],
  at: Date,
): Promise<{ address: string; accountId: string }[]> {
  const own = accounts.flatMap(({ id, ownAddresses }) =>
    ownAddresses.map((address) => ({
      address: canonicalAddress(address),
      accountId: id,
      addressId: addressId(tenant.vault, address),
    })),
  );
  const rows = await readIdentities(
    queries,
    tenant.id,
    own.map((each) => each.addressId),
  );
  const held = new Set(rows.filter((row) => holdsAt(row, at)).map((row) => row.addressId));
  return own
    .filter((each) => !held.has(each.addressId))
    .map(({ address, accountId }) => ({ address, accountId }));
}
