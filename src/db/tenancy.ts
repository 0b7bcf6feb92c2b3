import { asc, eq, sql } from 'drizzle-orm';
import type { Queries } from './client.js';
import { accounts, type InstanceSettings, instances, journals } from './schema/index.js';

export type InstanceRow = typeof instances.$inferSelect;
export type AccountRow = typeof accounts.$inferSelect;

/** Tells every node that instances, accounts, sinks or people changed. */
export const settingsChannel = 'archway_settings';

export async function notifySettingsChanged(tx: Queries): Promise<void> {
  await tx.execute(sql`select pg_notify(${settingsChannel}, '')`);
}

/** Makes an instance with an empty journal; returns false when the name is taken. */
export async function insertInstance(
  tx: Queries,
  instance: { id: string; name: string; wrappedKey: Uint8Array; settings: InstanceSettings },
): Promise<boolean> {
  const made = await tx
    .insert(instances)
    .values({ ...instance, createdAt: new Date() })
    .onConflictDoNothing({ target: instances.name })
    .returning({ id: instances.id });
  if (made.length === 0) return false;
  await tx.insert(journals).values({ instanceId: instance.id, lastSequence: 0 });
  await notifySettingsChanged(tx);
  return true;
}

export async function listInstances(queries: Queries): Promise<InstanceRow[]> {
  return queries.select().from(instances).orderBy(asc(instances.id));
}

export async function insertAccount(
  tx: Queries,
  account: { id: string; instanceId: string; connector: string; sealed: Uint8Array },
): Promise<void> {
  await tx.insert(accounts).values({ ...account, createdAt: new Date() });
  await notifySettingsChanged(tx);
}

export async function updateAccount(tx: Queries, account: { id: string; sealed: Uint8Array }): Promise<void> {
  await tx.update(accounts).set({ sealed: account.sealed }).where(eq(accounts.id, account.id));
  await notifySettingsChanged(tx);
}

/** Within how many minutes a message is expected of an account; null: it may be silent. */
export async function expectOfAccount(tx: Queries, id: string, everyMinutes: number | null): Promise<void> {
  await tx.update(accounts).set({ expectEveryMinutes: everyMinutes }).where(eq(accounts.id, id));
}

/** Accounts of one instance, or of all. */
export async function listAccounts(queries: Queries, instanceId?: string): Promise<AccountRow[]> {
  return queries
    .select()
    .from(accounts)
    .where(instanceId === undefined ? undefined : eq(accounts.instanceId, instanceId))
    .orderBy(asc(accounts.id));
}
