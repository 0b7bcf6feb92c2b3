/** Sealing at rest: the master key, the key of each instance, and the vault that seals an instance's values. */
export { apiKeysEqual, createApiKey, hashApiKey } from './api-key.js';
export { InstanceKeyError, MasterKeyError, SealError, WrongMasterKeyError } from './errors.js';
export { createInstanceKey, openInstanceKey } from './instance-key.js';
export { type InstanceVault, SEAL_OVERHEAD_LENGTH } from './instance-vault.js';
export { MasterKey, masterKeyId, parseMasterKey } from './master-key.js';
export { loadMasterKeyFile, loadOrCreateMasterKeyFile } from './master-key-file.js';
export type { Place } from './place.js';
export {
  XAES_KEY_LENGTH,
  XAES_NONCE_LENGTH,
  XAES_TAG_LENGTH,
  Xaes256Gcm,
} from './xaes.js';
