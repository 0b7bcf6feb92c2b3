/** Attachments and recordings: streamed, sealed under the instance's key, addressed by a keyed digest. */
export {
  type BlobStore,
  type ByteRange,
  LengthExceededError,
  type PutLimits,
  type StoredBlob,
  UnknownBlobError,
} from './blob-store.js';
export { openDirectoryBlobStore } from './directory-blob-store.js';
export { type OpenedBlob, openStream, type SealedBytes } from './open-stream.js';
export { sealStream } from './seal-stream.js';
export { BlobStorageError } from './storage-error.js';
