import { and, asc, eq, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertRows } from './insert-rows.js';
import { identities, people } from './schema/index.js';

export type PersonRow = typeof people.$inferSelect;
export type NewPerson = typeof people.$inferInsert;
export type IdentityRow = typeof identities.$inferSelect;
export type NewIdentity = typeof identities.$inferInsert;

export async function insertPeople(tx: Queries, rows: readonly NewPerson[]): Promise<void> {
  await insertRows(tx, people, rows);
}

export async function insertIdentities(tx: Queries, rows: readonly NewIdentity[]): Promise<void> {
  await insertRows(tx, identities, rows);
}

export async function updatePeriod(
  tx: Queries,
  id: string,
  period: { validFrom: Date | null; validUntil: Date | null },
): Promise<void> {
  await tx.update(identities).set(period).where(eq(identities.id, id));
}

export interface PersonWithIdentities {
  readonly person: PersonRow;
  readonly identities: IdentityRow[];
}

/** All people of an instance, or those with one role, with all their addresses of all times. */
export async function listPeople(
  queries: Queries,
  instanceId: string,
  role?: PersonRow['role'],
): Promise<PersonWithIdentities[]> {
  const rows = await queries
    .select({ person: people, identity: identities })
    .from(people)
    .leftJoin(identities, eq(identities.personId, people.id))
    .where(and(eq(people.instanceId, instanceId), role === undefined ? undefined : eq(people.role, role)))
    .orderBy(asc(people.id), asc(identities.id));
  const byId = new Map<string, PersonWithIdentities>();
  for (const { person, identity } of rows) {
    const entry = byId.get(person.id) ?? { person, identities: [] };
    if (identity !== null) entry.identities.push(identity);
    byId.set(person.id, entry);
  }
  return [...byId.values()];
}

/** Whose these addresses are, were and will be. */
export async function readIdentities(
  queries: Queries,
  instanceId: string,
  addressIds: readonly string[],
): Promise<IdentityRow[]> {
  if (addressIds.length === 0) return [];
  return queries
    .select()
    .from(identities)
    .where(
      and(
        eq(identities.instanceId, instanceId),
        sql`${identities.addressId} = any(${sql.param([...addressIds])}::uuid[])`,
      ),
    )
    .orderBy(asc(identities.id));
}

export async function readIdentity(
  queries: Queries,
  instanceId: string,
  id: string,
): Promise<IdentityRow | undefined> {
  const rows = await queries
    .select()
    .from(identities)
    .where(and(eq(identities.instanceId, instanceId), eq(identities.id, id)));
  return rows[0];
}

export async function readPeopleById(
  queries: Queries,
  ids: readonly string[],
): Promise<Map<string, PersonRow>> {
  if (ids.length === 0) return new Map();
  const rows = await queries
    .select()
    .from(people)
    .where(sql`${people.id} = any(${sql.param([...ids])}::uuid[])`);
  return new Map(rows.map((row) => [row.id, row]));
}
