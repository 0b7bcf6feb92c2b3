import { and, asc, eq, gt, isNull, lte, or, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { identities, people } from './schema/index.js';

export type PersonRow = typeof people.$inferSelect;
export type IdentityRow = typeof identities.$inferSelect;
export type NewIdentity = typeof identities.$inferInsert;

export async function insertPerson(
  tx: Queries,
  person: { id: string; instanceId: string; role: PersonRow['role']; sealed: Uint8Array },
  links: readonly NewIdentity[],
): Promise<void> {
  await tx.insert(people).values({ ...person, createdAt: new Date() });
  if (links.length > 0) await tx.insert(identities).values([...links]);
}

export async function listPeople(
  queries: Queries,
  instanceId: string,
  role: PersonRow['role'],
): Promise<{ person: PersonRow; identities: IdentityRow[] }[]> {
  const rows = await queries
    .select({ person: people, identity: identities })
    .from(people)
    .leftJoin(identities, eq(identities.personId, people.id))
    .where(and(eq(people.instanceId, instanceId), eq(people.role, role)))
    .orderBy(asc(people.id), asc(identities.id));
  const byId = new Map<string, { person: PersonRow; identities: IdentityRow[] }>();
  for (const { person, identity } of rows) {
    const entry = byId.get(person.id) ?? { person, identities: [] };
    if (identity !== null) entry.identities.push(identity);
    byId.set(person.id, entry);
  }
  return [...byId.values()];
}

export interface ResolvedRow {
  readonly addressId: string;
  readonly person: PersonRow;
}

/** Who stood behind these addresses at that time. */
export async function resolveAddresses(
  queries: Queries,
  instanceId: string,
  addressIds: readonly string[],
  at: Date,
): Promise<ResolvedRow[]> {
  if (addressIds.length === 0) return [];
  return queries
    .select({ addressId: identities.addressId, person: people })
    .from(identities)
    .innerJoin(people, eq(people.id, identities.personId))
    .where(
      and(
        eq(identities.instanceId, instanceId),
        sql`${identities.addressId} = any(${sql.param([...addressIds])}::uuid[])`,
        or(isNull(identities.validFrom), lte(identities.validFrom, at)),
        or(isNull(identities.validUntil), gt(identities.validUntil, at)),
      ),
    )
    .orderBy(asc(identities.id));
}
