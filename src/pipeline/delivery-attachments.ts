import { readAttachmentsById } from '../db/attachments.js';
import type { Queries } from '../db/client.js';
import type { RecordRow } from '../db/journal.js';
import type { AttachmentRow } from '../db/message-log.js';
import { openAttachment, soundOf } from '../domain/attachments.js';
import type { Blobs } from '../domain/blobs.js';
import { readSkeleton } from '../domain/records.js';
import type { Tenant } from '../domain/tenants.js';
import { type DeliveryAttachment, Failure } from '../sdk/index.js';
import { BlobStorageError } from '../vault/blob/index.js';

/** What those of the records bring that are of the kind `attachment`, by record id. */
export async function readBrought(
  queries: Queries,
  records: Iterable<RecordRow>,
): Promise<Map<string, AttachmentRow>> {
  const brought = new Map<string, string>();
  for (const record of records) {
    const [attachment] = record.kind === 'attachment' ? readSkeleton(record).attachments : [];
    if (attachment !== undefined) brought.set(record.id, attachment.id);
  }
  const rows = await readAttachmentsById(queries, [...brought.values()]);
  return new Map(
    [...brought].flatMap(([record, id]) => {
      const row = rows.get(id);
      return row === undefined ? [] : [[record, row]];
    }),
  );
}

/** @throws {SealError} when the row was changed or moved. */
export function deliveryAttachment(tenant: Tenant, blobs: Blobs, row: AttachmentRow): DeliveryAttachment {
  const attachment = openAttachment(tenant.vault, row);
  const { contentType, name, byteLength = 0, sha256 = '' } = attachment;
  return {
    id: row.id,
    ...(contentType !== undefined && { contentType }),
    ...(name !== undefined && { name }),
    byteLength,
    sha256,
    ...soundOf(attachment),
    async open() {
      const { blobId } = row;
      if (blobId === null) throw new Failure('rejected', `The bytes of attachment ${row.id} are not kept.`);
      const store = await blobs.of(tenant).catch((error: unknown) => {
        throw failureOf(error, row.id);
      });
      return ReadableStream.from(withFailures(store.open(blobId), row.id));
    },
  };
}

async function* withFailures(bytes: AsyncIterable<Uint8Array>, id: string): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } catch (error) {
    throw failureOf(error, id);
  }
}

/** A disk that is away may come back; bytes that are lost or damaged are the matter of a person. */
function failureOf(error: unknown, id: string): Failure {
  if (error instanceof BlobStorageError) return new Failure('unavailable', error.message, { cause: error });
  return new Failure(
    'rejected',
    `The bytes of attachment ${id} are not in the blob store as they were kept. Restore the folder blobs from a backup, ` +
      'then replay the dead letter.',
    { cause: error },
  );
}
