import { isDeepStrictEqual } from 'node:util';
import type { Queries } from '../db/client.js';
import { withOtherAddresses } from '../domain/address-aliases.js';
import { addressId } from '../domain/addresses.js';
import type { Tenant } from '../domain/tenants.js';
import { type Address, addressSchema } from '../sdk/index.js';

/** What a provider may name in more than one way. */
const naming = ['from', 'to', 'by', 'members', 'forwardedTo', 'address', 'alias'];

/** What the journal adds to an event, and what says how it came rather than what it says. */
const beside = ['custodian', 'contact', 'device', 'location'];

/**
 * Whether an event that came again says the same, and names its people by other addresses of theirs: a redelivery may have
 * another form of a name than the first one. Anything else that differs is no redelivery.
 */
export async function isSameByOtherNames(
  queries: Queries,
  tenant: Tenant,
  newcomer: unknown,
  known: unknown,
): Promise<boolean> {
  if (!isDeepStrictEqual(restOf(newcomer), restOf(known))) return false;
  const mine = namesOf(tenant, newcomer);
  const theirs = namesOf(tenant, known);
  const ends = await withOtherAddresses(queries, tenant.id, [...new Set([...mine, ...theirs])]);
  return (
    mine.length === theirs.length &&
    mine.every((id, index) => ends.get(id)?.includes(theirs[index] ?? '') === true)
  );
}

function restOf(event: unknown): unknown {
  const entries = Object.entries(event as Record<string, unknown>)
    .filter(([name]) => !naming.includes(name) && !beside.includes(name))
    .map(([name, value]) => [name, name === 'attachments' ? keysOf(value) : value]);
  return Object.fromEntries(entries);
}

/** Of an attachment its key: how it is fetched may name its sender. */
function keysOf(attachments: unknown): unknown[] {
  return [attachments ?? []].flat().map((attachment) => (attachment as { key: string }).key);
}

function namesOf(tenant: Tenant, event: unknown): string[] {
  const fields = event as Record<string, unknown>;
  return naming
    .flatMap((name) => [fields[name] ?? []].flat())
    .filter((each): each is Address => addressSchema.safeParse(each).success)
    .map(({ value }) => addressId(tenant.vault, value));
}
