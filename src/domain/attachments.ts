import type { AttachmentRow } from '../db/message-log.js';
import type { Content } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';

/** An attachment as the record holds it. */
export type RecordAttachment = Extract<Content, { kind: 'message' }>['attachments'][number];

/** What the `reference` of an attachment begins with whose bytes were in the blob store before its record was made. */
export const blobReferencePrefix = 'blob:';

const place = (id: string) => ({ table: 'attachments', id, column: 'sealed' });

export function sealAttachment(vault: InstanceVault, attachment: RecordAttachment): Uint8Array {
  return vault.sealJson(attachment, place(attachment.id));
}

export function openAttachment(vault: InstanceVault, row: AttachmentRow): RecordAttachment {
  return vault.openJson(row.sealed, place(row.id)) as RecordAttachment;
}
