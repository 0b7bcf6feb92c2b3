import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { MasterKey } from '../../vault/index.js';

/** The backup format; docs/spec/backup.md describes it for those who have no Archway. */

export const formatName = 'archway-backup';
export const formatVersion = 1;

/** Members of the archive that are not parts. */
export const headMember = 'backup.json';
export const manifestMember = 'manifest.json';
export const macMember = 'manifest.hmac';
export const sumsMember = (number: number) => `SHA256SUMS-${String(number).padStart(6, '0')}`;
export const sumsPattern = /^SHA256SUMS-\d{6}$/;

/** Names of parts. They are strict, since a restore makes files by them. */
export const tablePart = (table: string, number: number) =>
  `tables/${table}/${String(number).padStart(6, '0')}.ndjson.gz`;
export const tablePattern = /^tables\/([a-z_]+)\/\d{6,}\.ndjson\.gz$/;
export const spoolPattern = /^spool\/(\d{12}\.spool(?:\.damaged)?)$/;
export const blobPattern = /^blobs\/([A-Za-z0-9_-]{1,128}\/[0-9a-f]{2}\/[0-9a-f]{64})$/;

/** One list of digests stands behind so many parts, so that neither side keeps more of them in memory. */
export const partsPerSums = 1_000;

const count = z.int().nonnegative();
const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** The first member: what a reader must know before it reads on. */
export const headSchema = z.object({
  format: z.literal(formatName),
  formatVersion: z.int().positive(),
  id: z.uuid(),
  /** When it was begun: everything that was acknowledged before is in it. */
  startedAt: z.iso.datetime(),
  archwayVersion: z.string(),
  database: z.enum(['embedded', 'postgres']),
  /** Migrations that had been applied, oldest first. */
  schema: z.array(z.int()).min(1),
  /** Public id of the master key that opens the content. */
  masterKeyId: z.string().regex(/^[0-9a-f]{16}$/),
});

export type BackupHead = z.infer<typeof headSchema>;

/** The last member but one: only a complete backup has it. */
export const manifestSchema = headSchema.extend({
  endedAt: z.iso.datetime(),
  instances: z.array(z.uuid()),
  /** Rows by table. */
  tables: z.record(z.string(), count),
  spoolFiles: count,
  blobs: z.object({ count, byteLength: count }),
  /** How many blobs the rows name that were not where the backup looked. */
  missingBlobs: count,
  /** SHA-256 of each list of digests. */
  sums: z.record(z.string(), digest),
});

export type BackupManifest = z.infer<typeof manifestSchema>;

/** Shows that the manifest, and with it all that it counts and sums, was made by somebody who has the master key. */
export function manifestMac(masterKey: MasterKey, manifest: Uint8Array): string {
  return createHmac('sha256', masterKey.derive('archway/v1/backup-manifest')).update(manifest).digest('hex');
}

/** A backup that cannot be made or used; the message says why and what to do. */
export class BackupError extends Error {
  override readonly name: string = 'BackupError';
}

/** There is not enough room on a disk that the gateway itself needs. */
export class NoRoomError extends BackupError {
  override readonly name = 'NoRoomError';
}
