import { dirname } from 'node:path';
import type { Config, MasterKeySource } from '../../config/index.js';
import {
  loadMasterKeyFile,
  type MasterKey,
  MasterKeyError,
  masterKeyId,
  parseMasterKey,
} from '../../vault/index.js';
import { type Check, fail, ok, warn } from './check.js';
import { statOptional } from './files.js';

const name = 'master key';

export interface MasterKeyFinding {
  readonly check: Check;
  /** Undefined when there is none that can be used. */
  readonly masterKey: MasterKey | undefined;
}

/** Present, well-formed, closed to others, and not on the disk whose loss it should make harmless. */
export async function checkMasterKey(config: Config): Promise<MasterKeyFinding> {
  try {
    const masterKey = await loadMasterKey(config.masterKey);
    if (masterKey === undefined) {
      const check = warn(
        name,
        'there is none yet; the first start makes a file in the data directory',
        'better: keep it elsewhere, and set ARCHWAY_MASTER_KEY or ARCHWAY_MASTER_KEY_FILE before the first start',
      );
      return { check, masterKey };
    }
    return { check: await checkPlace(config, masterKeyId(masterKey)), masterKey };
  } catch (error) {
    if (!(error instanceof MasterKeyError)) throw error;
    return {
      check: fail(
        name,
        error.message,
        'the server does not start until then; never make a new key beside data that another one sealed',
      ),
      masterKey: undefined,
    };
  }
}

async function loadMasterKey(source: MasterKeySource): Promise<MasterKey | undefined> {
  if (source.kind === 'value') return parseMasterKey(source.base64, 'ARCHWAY_MASTER_KEY');
  if (source.createIfMissing && (await statOptional(source.path)) === undefined) return undefined;
  return loadMasterKeyFile(source.path);
}

async function checkPlace({ masterKey, database, dataDirectory, spool }: Config, id: string): Promise<Check> {
  if (masterKey.kind === 'value') return ok(name, `${id}, from ARCHWAY_MASTER_KEY`);
  // On Postgres, what this node itself keeps of the sealed data is its spool.
  const [sealed, what] = database.kind === 'embedded' ? [dataDirectory, 'data'] : [spool.directory, 'spool'];
  const key = await statOptional(masterKey.path);
  const data = (await statOptional(sealed)) ?? (await statOptional(dirname(sealed)));
  if (key !== undefined && key.dev === data?.dev) {
    return warn(
      name,
      `${id}, in ${masterKey.path}: the key and the ${what} share a disk, so whoever gets that disk can read everything`,
      'move the key to another disk or a secret store: set ARCHWAY_MASTER_KEY_FILE or ARCHWAY_MASTER_KEY',
    );
  }
  return ok(name, `${id}, in ${masterKey.path}`);
}
