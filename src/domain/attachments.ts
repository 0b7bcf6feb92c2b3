import type { AttachmentRow } from '../db/message-log.js';
import type { Content } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';

/** An attachment as the record holds it. */
export type RecordAttachment = Extract<Content, { kind: 'message' }>['attachments'][number];

/** What the `reference` of an attachment begins with whose bytes were in the blob store before its record was made. */
export const blobReferencePrefix = 'blob:';

/** An attachment with what became of its bytes since: length and digest are those of the bytes, once they were fetched. */
export interface KeptAttachment extends RecordAttachment {
  /** Why the bytes cannot be had: a short code, and a sentence for a person. */
  readonly unavailable?: { readonly reason: string; readonly detail: string };
}

/** How long it lasts and on how many channels, as far as the provider says. */
export function soundOf({ durationSeconds, channels }: RecordAttachment): {
  durationSeconds?: number;
  channels?: number;
} {
  return {
    ...(durationSeconds !== undefined && { durationSeconds }),
    ...(channels !== undefined && { channels }),
  };
}

const place = (id: string) => ({ table: 'attachments', id, column: 'sealed' });

export function sealAttachment(vault: InstanceVault, attachment: KeptAttachment): Uint8Array {
  return vault.sealJson(attachment, place(attachment.id));
}

export function openAttachment(vault: InstanceVault, row: AttachmentRow): KeptAttachment {
  return vault.openJson(row.sealed, place(row.id)) as KeptAttachment;
}
