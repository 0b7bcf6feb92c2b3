/** Backups: one file that holds all tables, the spool and the blobs. See docs/spec/backup.md. */
export type { Write } from './archive-writer.js';
export { BackupError, type BackupHead, type BackupManifest, NoRoomError } from './format.js';
export { type BackupVisitor, readBackup, readBackupHead } from './read-backup.js';
export { type BackupSource, writeBackup } from './write-backup.js';
