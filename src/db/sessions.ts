import { and, eq, inArray, lt, type SQL, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { insertStatements } from './insert-rows.js';
import { LeaseLostError } from './journal.js';
import type { Lease } from './leases.js';
import { runInOrder } from './run-in-order.js';
import { connectorState, sessions } from './schema/index.js';

export type SessionRow = typeof sessions.$inferSelect;
export type NewSession = typeof sessions.$inferInsert;

/**
 * Holds the lease for this transaction: until it ends, nobody else becomes the owner.
 *
 * @throws {LeaseLostError} when it has passed to another holder.
 */
export async function holdLease(tx: Queries, lease: Lease): Promise<void> {
  await runHolding(tx, lease, []);
}

/**
 * The same, with these statements behind it in one round trip. They have run when the lease turns out to be lost; the error
 * MUST end the transaction, which undoes them.
 *
 * @throws {LeaseLostError} when it has passed to another holder.
 */
export async function runHolding(tx: Queries, lease: Lease, statements: readonly SQL[]): Promise<void> {
  const lock = sql`select fence, holder from leases where name = ${lease.name} for update`;
  const [rows] = await runInOrder(tx, [lock, ...statements]);
  const [row] = (rows ?? []) as readonly { fence: number; holder: string }[];
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

/** Names in one statement. */
const rowsMax = 500;

export async function writeState(tx: Queries, rows: readonly StateRow[]): Promise<void> {
  await runInOrder(tx, stateStatements(rows));
}

/** What `writeState` runs. */
export function stateStatements(rows: readonly StateRow[]): SQL[] {
  const updatedAt = new Date();
  const gone = rows.filter(({ sealed }) => sealed === null);
  const kept = rows.flatMap(({ sealed, ...row }) => (sealed === null ? [] : [{ ...row, sealed, updatedAt }]));
  const replace = sql`(account_id, key) do update set sealed = excluded.sealed, updated_at = excluded.updated_at`;
  return [
    ...pages(gone).map((some) => sql`delete from ${connectorState} where ${named(some)}`),
    ...insertStatements(connectorState, kept, replace),
  ];
}

function pages<Row>(rows: readonly Row[]): Row[][] {
  return Array.from({ length: Math.ceil(rows.length / rowsMax) }, (_, page) =>
    rows.slice(page * rowsMax, (page + 1) * rowsMax),
  );
}

/** All of one account. */
function named(rows: readonly Pick<StateRow, 'accountId' | 'key'>[]) {
  return and(
    eq(connectorState.accountId, rows[0]?.accountId ?? ''),
    inArray(
      connectorState.key,
      rows.map(({ key }) => key),
    ),
  );
}

/** By key; those without a value are left out. */
export async function readState(
  queries: Queries,
  accountId: string,
  keys: readonly string[],
): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const some of pages(keys)) {
    const rows = await queries
      .select({ key: connectorState.key, sealed: connectorState.sealed })
      .from(connectorState)
      .where(and(eq(connectorState.accountId, accountId), inArray(connectorState.key, some)));
    for (const { key, sealed } of rows) found.set(key, sealed);
  }
  return found;
}

export async function deleteState(
  tx: Queries,
  accountId: string,
  prefixes: readonly string[],
  writtenBefore?: Date,
): Promise<void> {
  const isOld = writtenBefore && lt(connectorState.updatedAt, writtenBefore);
  for (const prefix of prefixes) {
    await tx
      .delete(connectorState)
      .where(
        and(
          eq(connectorState.accountId, accountId),
          sql`starts_with(${connectorState.key}, ${prefix})`,
          isOld,
        ),
      );
  }
}

/** Its payload is the account's id. */
export const ordersChannel = 'session_orders';

export async function notifyOrder(tx: Queries, accountId: string): Promise<void> {
  await tx.execute(sql`select pg_notify(${ordersChannel}, ${accountId})`);
}

export async function writeSession(queries: Queries, row: NewSession): Promise<void> {
  const { state, sealed, changedAt } = row;
  const isOpen = state === 'open';
  const notOpenSince = isOpen
    ? null
    : sql`coalesce(${sessions.notOpenSince}, ${changedAt.toISOString()}::timestamptz)`;
  await queries
    .insert(sessions)
    .values({ ...row, notOpenSince: isOpen ? null : changedAt })
    .onConflictDoUpdate({ target: sessions.accountId, set: { state, sealed, changedAt, notOpenSince } });
}

export async function readSessions(queries: Queries, accountIds: readonly string[]): Promise<SessionRow[]> {
  if (accountIds.length === 0) return [];
  return queries
    .select()
    .from(sessions)
    .where(inArray(sessions.accountId, [...accountIds]));
}
