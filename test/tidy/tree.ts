import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';

/** What the tidy tests read: the project's own files, as text, under their paths from the root. */

export const root = resolve(import.meta.dirname, '../..');

/** A file, real or made up by a test. */
export interface SourceFile {
  /** From the root of the project, with slashes: `src/core/ids.ts`. */
  readonly path: string;
  readonly text: string;
}

/** Something that a rule has to say against a file; the format that editors make clickable. */
export type Problem = string;

/** Never ours: installed, generated, or a running gateway's data. */
const foreign = new Set(['.git', 'node_modules', 'dist', 'data', 'coverage']);

/** Every file of the project, sorted. */
export function listFiles(folder = ''): string[] {
  const entries = readdirSync(resolve(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => !(folder === '' && foreign.has(entry.name)))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) return listFiles(path);
      return entry.isFile() ? [path] : [];
    });
}

/** Folders right below a folder: the plugins below `connectors`. */
export function listFolders(folder: string): string[] {
  const entries = readdirSync(resolve(root, folder), { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${folder}/${entry.name}`)
    .sort();
}

export function exists(path: string): boolean {
  return existsSync(resolve(root, path));
}

export function isFolder(path: string): boolean {
  return exists(path) && statSync(resolve(root, path)).isDirectory();
}

export function readText(path: string): string {
  return readFileSync(resolve(root, path), 'utf8');
}

export function readFiles(wanted: (path: string) => boolean): SourceFile[] {
  return listFiles()
    .filter(wanted)
    .map((path) => ({ path, text: readText(path) }));
}

export const isCode = (path: string): boolean => /\.(ts|mts|js|mjs)$/.test(path);

/** Code that runs only in the test suite. `testing.ts` is what a plugin hands to the conformance rules. */
export const isTestCode = (path: string): boolean =>
  path.startsWith('test/') || path.endsWith('.test.ts') || path.endsWith('/testing.ts');
