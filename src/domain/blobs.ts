import { type BlobStore, openDirectoryBlobStore } from '../vault/blob/index.js';
import type { Tenant } from './tenants.js';

/** The blob stores of all tenants, in one directory. Each is opened when it is first needed, and stays open. */
export class Blobs {
  readonly #open = new Map<string, Promise<BlobStore>>();

  /** @param directory for all instances, such as `<data>/blobs`; made where it is missing. */
  constructor(readonly directory: string) {}

  /** @throws {BlobStorageError} when the directory cannot be made or read; the next call tries again. */
  of({ id, vault }: Pick<Tenant, 'id' | 'vault'>): Promise<BlobStore> {
    const known = this.#open.get(id);
    if (known !== undefined) return known;
    const opening = openDirectoryBlobStore(this.directory, vault);
    this.#open.set(id, opening);
    opening.catch(() => this.#open.delete(id));
    return opening;
  }
}
