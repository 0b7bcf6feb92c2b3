import { and, eq, isNull } from 'drizzle-orm';
import type { Queries } from './client.js';
import { apiKeys, auditTrail } from './schema/index.js';

export type ApiKeyRow = typeof apiKeys.$inferSelect;

export async function insertApiKey(
  tx: Queries,
  key: Omit<ApiKeyRow, 'createdAt' | 'revokedAt'>,
): Promise<void> {
  await tx.insert(apiKeys).values({ ...key, createdAt: new Date() });
}

export async function findApiKey(queries: Queries, hash: string): Promise<ApiKeyRow | undefined> {
  const rows = await queries
    .select()
    .from(apiKeys)
    .where(and(eq(apiKeys.hash, hash), isNull(apiKeys.revokedAt)));
  return rows[0];
}

export async function anyApiKey(queries: Queries): Promise<boolean> {
  const rows = await queries.select({ id: apiKeys.id }).from(apiKeys).limit(1);
  return rows.length > 0;
}

export interface AuditEntry {
  readonly instanceId: string | null;
  /** An API key id, or `system`. */
  readonly actor: string;
  /** `account.add`, `dead-letters.replay` … */
  readonly action: string;
  /** Id of what was acted on. */
  readonly subject: string;
  readonly sealedDetail?: Uint8Array;
}

export async function writeAudit(tx: Queries, entry: AuditEntry): Promise<void> {
  await tx.insert(auditTrail).values({ ...entry, at: new Date() });
}

export async function wasAudited(
  queries: Queries,
  act: Pick<AuditEntry, 'action' | 'subject'>,
): Promise<boolean> {
  const rows = await queries
    .select({ position: auditTrail.position })
    .from(auditTrail)
    .where(and(eq(auditTrail.action, act.action), eq(auditTrail.subject, act.subject)))
    .limit(1);
  return rows.length > 0;
}
