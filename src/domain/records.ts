import { canonicalBytes } from '../core/canonical.js';
import type { RecordRow } from '../db/journal.js';
import type { Content, Envelope, Skeleton } from '../sdk/index.js';
import type { InstanceVault } from '../vault/index.js';

/** What dies at erasure, sealed as one value: without the salt no digest in the skeleton can be matched to a text. */
export interface SealedContent {
  readonly content: Content;
  readonly salt: string;
}

const place = (id: string) => ({ table: 'records', id, column: 'sealed_content' });

export function sealContent(vault: InstanceVault, recordId: string, sealed: SealedContent): Uint8Array {
  return vault.sealJson(sealed, place(recordId));
}

/** Thrown when the content of a record was destroyed; its skeleton stays. */
export class ErasedError extends Error {
  override readonly name = 'ErasedError';
}

/** @throws {ErasedError} @throws {SealError} */
export function openContent(vault: InstanceVault, row: RecordRow): SealedContent {
  if (row.sealedContent === null) throw new ErasedError(`The content of record ${row.id} was erased.`);
  return vault.openJson(row.sealedContent, place(row.id)) as SealedContent;
}

export function readSkeleton(row: RecordRow): Skeleton {
  return JSON.parse(Buffer.from(row.skeleton).toString('utf8')) as Skeleton;
}

/** The envelope of a record. Its canonical bytes are the same however often it is made. */
export function readEnvelope(vault: InstanceVault, row: RecordRow): Envelope {
  const { content, salt } = openContent(vault, row);
  return { skeleton: readSkeleton(row), content, salt };
}

export function envelopeBytes(envelope: Envelope): Uint8Array {
  return canonicalBytes(envelope);
}
