import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { LeaseLostError } from './journal.js';
import type { Lease } from './leases.js';
import { connectorState, sessions } from './schema/index.js';

export type SessionRow = typeof sessions.$inferSelect;
export type NewSession = typeof sessions.$inferInsert;

/**
 * Holds the lease for this transaction: until it ends, nobody else becomes the owner.
 *
 * @throws {LeaseLostError} when it has passed to another holder.
 */
export async function holdLease(tx: Queries, lease: Lease): Promise<void> {
  const rows = await tx.execute<{ fence: number; holder: string }>(
    sql`select fence, holder from leases where name = ${lease.name} for update`,
  );
  const [row] = rows;
  if (row === undefined || row.fence !== lease.fence || row.holder !== lease.holder)
    throw new LeaseLostError(`${lease.name} has another owner now.`);
}

export interface StateRow {
  readonly instanceId: string;
  readonly accountId: string;
  readonly key: string;
  /** Null takes it away. */
  readonly sealed: Uint8Array | null;
}

export async function writeState(tx: Queries, rows: readonly StateRow[]): Promise<void> {
  for (const { sealed, ...row } of rows) {
    if (sealed === null) {
      await tx
        .delete(connectorState)
        .where(and(eq(connectorState.accountId, row.accountId), eq(connectorState.key, row.key)));
      continue;
    }
    const updatedAt = new Date();
    await tx
      .insert(connectorState)
      .values({ ...row, sealed, updatedAt })
      .onConflictDoUpdate({
        target: [connectorState.accountId, connectorState.key],
        set: { sealed, updatedAt },
      });
  }
}

export async function readState(
  queries: Queries,
  accountId: string,
  key: string,
): Promise<Uint8Array | undefined> {
  const rows = await queries
    .select({ sealed: connectorState.sealed })
    .from(connectorState)
    .where(and(eq(connectorState.accountId, accountId), eq(connectorState.key, key)));
  return rows[0]?.sealed;
}

export async function writeSession(queries: Queries, row: NewSession): Promise<void> {
  const { state, sealed, changedAt } = row;
  await queries
    .insert(sessions)
    .values(row)
    .onConflictDoUpdate({ target: sessions.accountId, set: { state, sealed, changedAt } });
}

export async function readSessions(queries: Queries, accountIds: readonly string[]): Promise<SessionRow[]> {
  if (accountIds.length === 0) return [];
  return queries
    .select()
    .from(sessions)
    .where(inArray(sessions.accountId, [...accountIds]));
}
