import type { MasterKeySource } from '../config/index.js';
import type { Database } from '../db/client.js';
import { listInstances } from '../db/tenancy.js';
import {
  loadMasterKeyFile,
  loadOrCreateMasterKeyFile,
  type MasterKey,
  parseMasterKey,
} from '../vault/index.js';

/**
 * Loads the master key. A key file is made only while there is nothing that another key has sealed: a new key beside old
 * data would hide that the right one is missing.
 */
export async function loadMasterKey(source: MasterKeySource, database: Database): Promise<MasterKey> {
  const mayCreate =
    source.kind === 'file' && source.createIfMissing && (await listInstances(database.orm)).length === 0;
  if (!mayCreate) return readMasterKey(source);
  const { masterKey } = await loadOrCreateMasterKeyFile(source.path);
  return masterKey;
}

/** Loads a master key that must be there: none is ever made. */
export async function readMasterKey(source: MasterKeySource): Promise<MasterKey> {
  if (source.kind === 'value') return parseMasterKey(source.base64, 'ARCHWAY_MASTER_KEY');
  return loadMasterKeyFile(source.path);
}
