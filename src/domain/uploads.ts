import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { insertUpload, readUploads, type UploadRow } from '../db/media.js';
import type { BlobStore, InstanceVault } from '../vault/index.js';
import type { Tenant } from './tenants.js';

/** Something that was brought in to be sent along. */
export interface Upload {
  readonly id: string;
  readonly blobId: string;
  readonly contentType: string;
  readonly byteLength: number;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly name?: string | undefined;
}

const place = (id: string) => ({ table: 'uploads', id, column: 'sealed' });

/**
 * Keeps the bytes in the blob store, then notes them: whoever has the id may rely on both.
 *
 * @throws {LengthExceededError}
 */
export async function addUpload(
  queries: Queries,
  tenant: Tenant,
  store: BlobStore,
  given: {
    readonly source: AsyncIterable<Uint8Array>;
    readonly contentType: string;
    readonly name?: string | undefined;
    readonly lengthMaxBytes: number;
  },
): Promise<Upload> {
  const { source, contentType, name, lengthMaxBytes } = given;
  const { id: blobId, byteLength, sha256 } = await store.put(source, { lengthMaxBytes });
  const id = newId();
  const sealed = tenant.vault.sealJson({ contentType, byteLength, sha256, name }, place(id));
  await insertUpload(queries, { id, instanceId: tenant.id, blobId, sealed });
  return { id, blobId, contentType, byteLength, sha256, name };
}

/** In the order of `ids`; undefined for each that does not exist in this instance. */
export async function findUploads(
  queries: Queries,
  tenant: Tenant,
  ids: readonly string[],
): Promise<(Upload | undefined)[]> {
  const rows = new Map((await readUploads(queries, tenant.id, ids)).map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = rows.get(id);
    return row && openUpload(tenant.vault, row);
  });
}

export function openUpload(vault: InstanceVault, row: UploadRow): Upload {
  const known = vault.openJson(row.sealed, place(row.id)) as Omit<Upload, 'id' | 'blobId'>;
  return { id: row.id, blobId: row.blobId, ...known };
}
