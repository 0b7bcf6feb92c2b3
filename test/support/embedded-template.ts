import { constants, cpSync, existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openEmbeddedDatabase } from '../../src/db/embedded/index.js';

/**
 * Puts an empty embedded database into the directory, which must not exist yet. Copying one takes a tenth of a
 * second where making one takes several; the original is made once and kept in the system's temporary directory.
 */
export async function copyEmbeddedTemplate(directory: string): Promise<void> {
  const template = join(tmpdir(), `archway-embedded-template-${engineVersion()}-${userInfo().uid}`);
  if (!existsSync(template)) await makeTemplate(template);
  cpSync(template, directory, { recursive: true, mode: constants.COPYFILE_FICLONE });
}

async function makeTemplate(template: string): Promise<void> {
  const workshop = mkdtempSync(`${template}-`);
  const database = await openEmbeddedDatabase(join(workshop, 'database'));
  await database.close();
  try {
    renameSync(join(workshop, 'database'), template);
  } catch (error) {
    // Another test process was faster; its template is as good.
    if (!existsSync(template)) throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

function engineVersion(): string {
  const entry = fileURLToPath(import.meta.resolve('@electric-sql/pglite'));
  const manifest = readFileSync(join(entry, '../../package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
