/** What a store says of a blob that it has taken. */
export interface StoredBlob {
  /** Keyed digest of the content, 64 hexadecimal digits: the same content has the same id, in this instance only. */
  readonly id: string;
  /** Length of the content. */
  readonly byteLength: number;
  /** SHA-256 of the content, 64 hexadecimal digits. Bare, so it MUST be stored sealed, or salted in a skeleton. */
  readonly sha256: string;
}

/** A part of a blob, in bytes of its content: from `start`, up to but without `end`. Past the end there is nothing. */
export interface ByteRange {
  readonly start: number;
  /** The blob's end when left out. */
  readonly end?: number;
}

export interface PutLimits {
  /** The longest content that is taken. */
  readonly lengthMaxBytes: number;
}

/**
 * Where the attachments and recordings of one instance lie, sealed under its key. No blob is ever held whole in
 * memory, and none is visible before it is complete and durable.
 */
export interface BlobStore {
  /**
   * Seals and stores what the source yields. When this resolves, the blob has reached the disk under its id: only then
   * may anything be committed that refers to it. The same content put twice, or by many at once, is one blob, and a
   * copy that has been damaged since is replaced by the new one.
   *
   * Whoever keeps a blob MUST name it in a column `blob_id` within a day: what no row names is collected.
   *
   * @param source pieces of any size; a piece is not used any more once the next one is asked for.
   * @throws {LengthExceededError} when the source has more than the limit; no more of it is read.
   * @throws {BlobStorageError} when the store cannot write, such as when the disk is full.
   * @throws whatever the source throws, as it is. After every error nothing of the content is kept.
   */
  put(source: AsyncIterable<Uint8Array>, limits: PutLimits): Promise<StoredBlob>;

  /**
   * The content, or a part of it, in pieces of at most 64 KiB. Nothing is touched before the first piece is asked for,
   * and leaving the loop early releases everything.
   *
   * No byte is given out before it was verified. But a damage further on is found when the reading gets there: whoever
   * must have all or nothing may trust what was read only after the loop has ended.
   *
   * @throws {RangeError} at once when `id` is no blob id or the range is not of whole bytes.
   * @throws {UnknownBlobError} when it is not in the store.
   * @throws {SealError} naming the blob, when it is not exactly what was stored under this id.
   * @throws {BlobStorageError} when the store cannot be read.
   */
  open(id: string, range?: ByteRange): AsyncIterable<Uint8Array>;

  /**
   * The length of the content, from the authenticated end of the blob, so it is true; undefined when it is not in the
   * store. The rest of the blob is not looked at.
   *
   * @throws {SealError} when the end is damaged, missing, or that of another blob.
   */
  stat(id: string): Promise<{ readonly byteLength: number } | undefined>;

  /**
   * Takes a blob away for good: when this resolves, it does not come back after a power cut.
   *
   * One blob may have many references, and a `put` of the same content may be on its way. The caller MUST make sure
   * that none is left and none is being made.
   *
   * @returns whether it was there.
   */
  remove(id: string): Promise<boolean>;

  /**
   * Ids of blobs that were stored before that time, in portions: candidates for being put aside.
   *
   * @throws {BlobStorageError} as all that follow.
   */
  storedBefore(before: Date): AsyncIterable<string[]>;

  /**
   * Puts a blob aside to which nothing seems to refer. It can still be read. A `put` of the same content that is on its way
   * is not disturbed: one that has ended since `before` keeps its blob where it is, a later one stores its own.
   *
   * @returns false when it was stored again since, or is not there.
   */
  putAside(id: string, before: Date): Promise<boolean>;

  /** Ids of what was put aside before that time. */
  keptAsideBefore(before: Date): Promise<string[]>;

  /** Gives back its place to what was put aside. */
  takeBack(id: string): Promise<void>;

  /** Deletes what was put aside, and nothing else: a copy in its place stays. */
  dropAside(id: string): Promise<boolean>;
}

/** The source had more than was allowed. */
export class LengthExceededError extends Error {
  override readonly name = 'LengthExceededError';

  constructor(readonly lengthMaxBytes: number) {
    super(
      `The content is longer than the ${lengthMaxBytes} bytes that are allowed. Nothing of it was stored.`,
    );
  }
}

/** There is no such blob in this store. */
export class UnknownBlobError extends Error {
  override readonly name = 'UnknownBlobError';

  constructor(readonly blobId: string) {
    super(
      `Blob ${blobId} is not in the blob store: it was removed, or its file is lost. If it should be there, restore ` +
        'the file from a backup.',
    );
  }
}

/**
 * Refuses what no store has made. Ids become file names, so nothing else may get there.
 *
 * @throws RangeError
 */
export function requireBlobId(id: string): void {
  if (!/^[0-9a-f]{64}$/.test(id)) {
    throw new RangeError(
      'A blob id has 64 hexadecimal digits in lower case; take it from what `put` returned.',
    );
  }
}
