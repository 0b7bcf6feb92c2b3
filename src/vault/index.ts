/**
 * Sealing at rest: the master key, the key of each instance, the vault that seals an instance's values, and the blob
 * store that seals its attachments and recordings.
 */
export { apiKeysEqual, createApiKey, hashApiKey } from './api-key.js';
export {
  BlobStorageError,
  type BlobStore,
  type ByteRange,
  LengthExceededError,
  openDirectoryBlobStore,
  type PutLimits,
  type StoredBlob,
  UnknownBlobError,
} from './blob/index.js';
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
