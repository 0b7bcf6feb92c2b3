import { createHash } from 'node:crypto';
import { constants, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../../src/db/client.js';
import { knownMigrations, migrateDatabase } from '../../src/db/migrate.js';

/** `bare` is a database as it was just made; `migrated` has the tables of this version. Neither has a row. */
export type TemplateKind = 'bare' | 'migrated';

/**
 * Puts an embedded database without content into the directory, which must not exist yet. Copying one takes a tenth of a
 * second where making one takes several; the original is made once and kept in the system's temporary directory.
 */
export async function copyEmbeddedTemplate(directory: string, kind: TemplateKind): Promise<void> {
  const template = join(tmpdir(), `archway-embedded-template-${nameOf(kind)}-${userInfo().uid}`);
  if (!existsSync(template)) await makeTemplate(template, kind);
  cpSync(template, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

async function makeTemplate(template: string, kind: TemplateKind): Promise<void> {
  const workshop = mkdtempSync(`${template}-`);
  const directory = join(workshop, 'database');
  const database = await openDatabase({ kind: 'embedded', directory });
  if (kind === 'migrated') await migrateDatabase(database);
  await database.close();
  try {
    renameSync(directory, template);
  } catch (error) {
    // Another test process was faster; its template is as good.
    if (!existsSync(template)) throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

/** A template lasts as long as what it was made from. */
function nameOf(kind: TemplateKind): string {
  if (kind === 'bare') return engineVersion();
  const migrations = createHash('sha256');
  for (const { hash } of knownMigrations()) migrations.update(hash);
  return `${engineVersion()}-${migrations.digest('hex').slice(0, 16)}`;
}

function engineVersion(): string {
  const entry = fileURLToPath(import.meta.resolve('@electric-sql/pglite'));
  const manifest = readFileSync(join(entry, '../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
