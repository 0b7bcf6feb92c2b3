import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { newId } from '../core/ids.js';
import { anyApiKey, findApiKey, insertApiKey, writeAudit } from '../db/access.js';
import type { Database, Queries } from '../db/client.js';
import { addSink, trySink } from '../domain/sinks.js';
import type { Tenants } from '../domain/tenants.js';
import type { Registry } from '../plugins/registry.js';
import { createApiKey, hashApiKey } from '../vault/index.js';
import { writeDurably } from './data-directory.js';

export interface FirstStart {
  /** Set when an instance and its filesystem sink were made just now. */
  readonly archiveDirectory?: string;
  /** Set when the admin key was made just now; it is not shown again. */
  readonly adminKey?: string;
}

const defaultInstance = 'default';

/** Makes what a new installation needs, and nothing where it is there. A start that dies half-way is finished by the next. */
export async function prepareFirstStart(
  database: Database,
  tenants: Tenants,
  registry: Registry,
  dataDirectory: string,
): Promise<FirstStart> {
  const archiveDirectory = await ensureDefaultInstance(tenants, registry, dataDirectory);
  const adminKey = await ensureAdminKey(database, join(dataDirectory, 'admin-key'));
  return { ...(archiveDirectory && { archiveDirectory }), ...(adminKey && { adminKey }) };
}

async function ensureDefaultInstance(
  tenants: Tenants,
  registry: Registry,
  dataDirectory: string,
): Promise<string | undefined> {
  if ((await tenants.list()).length > 0) return undefined;
  const directory = join(dataDirectory, 'archive');
  const request = { type: 'filesystem', name: 'archive', settings: { directory } };
  const sink = await trySink(registry, request);
  const made = await tenants.create(defaultInstance, async (tx, tenant) => {
    await addSink(tx, tenant, sink);
    await writeAudit(tx, {
      instanceId: tenant.id,
      actor: 'system',
      action: 'instance.add',
      subject: tenant.id,
    });
  });
  return made === null ? undefined : directory;
}

async function ensureAdminKey(database: Database, file: string): Promise<string | undefined> {
  if (await anyApiKey(database.orm)) return undefined;
  return database.orm.transaction((tx) => addAdminKey(tx, file));
}

/** Makes an admin key, or takes the one that the file holds, and lets it in. */
export async function addAdminKey(tx: Queries, file: string): Promise<string> {
  // The file first: a key that is in the database but was never written down would lock everybody out.
  const key = (await readKey(file)) ?? createApiKey();
  await writeDurably(file, `${key}\n`);
  const hash = hashApiKey(key);
  if ((await findApiKey(tx, hash)) !== undefined) return key;
  const id = newId();
  await insertApiKey(tx, { id, instanceId: null, name: 'admin', hash, scopes: ['admin', 'read'] });
  await writeAudit(tx, { instanceId: null, actor: 'system', action: 'api-key.add', subject: id });
  return key;
}

async function readKey(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
