import { findApiKey } from '../db/access.js';
import type { Queries } from '../db/client.js';
import { hashApiKey } from '../vault/index.js';

/** Whoever presented an API key. */
export interface Caller {
  readonly keyId: string;
  /** The only instance that the key sees; null: all. */
  readonly instanceId: string | null;
  readonly mayWrite: boolean;
}

/** Who a presented key belongs to; undefined for a key that is unknown, revoked, or without a scope. */
export async function identifyCaller(queries: Queries, apiKey: string): Promise<Caller | undefined> {
  const row = await findApiKey(queries, hashApiKey(apiKey));
  if (row === undefined) return undefined;
  const mayWrite = row.scopes.includes('admin');
  if (!mayWrite && !row.scopes.includes('read')) return undefined;
  return { keyId: row.id, instanceId: row.instanceId, mayWrite };
}
