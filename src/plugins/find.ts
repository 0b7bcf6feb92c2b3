import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from '../sdk/index.js';
import { PluginError } from './plugin-error.js';

/** A plugin on disk. */
export interface FoundPlugin {
  /** The file whose default export it is. */
  readonly entry: string;
  /** The entry's path, or the package as `name@version`. */
  readonly origin: string;
}

const manifestSchema = z.looseObject({
  version: z.string().optional(),
  main: z.string().optional(),
  exports: z.unknown().optional(),
});

type Manifest = z.infer<typeof manifestSchema>;

/**
 * Finds what a reference means: a path (it begins with `.` or is absolute, or something lies there) from `directory`, else
 * the name of a package that is installed in a `node_modules` above `directory` or above the gateway.
 *
 * @throws {PluginError}
 */
export function findPlugin(reference: string, directory: string): FoundPlugin {
  const path = resolve(directory, reference);
  const isPath = /^\.{1,2}($|[\\/])/.test(reference) || isAbsolute(reference);
  if (isPath || existsSync(path)) {
    const entry = entryAt(path);
    return { entry, origin: entry };
  }
  const folder = packageFolder(reference, directory);
  if (folder === undefined) {
    throw new PluginError(
      `there is no folder or file ${path}, and no package of this name is installed; correct the path, or run "npm install ${reference}" in ${directory}.`,
    );
  }
  const version = readManifest(folder)?.version ?? 'unknown';
  return { entry: entryAt(folder), origin: `${reference}@${version}` };
}

function entryAt(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) throw new PluginError(`there is nothing at ${path}; correct the path.`);
  const entry = stats.isDirectory() ? entryOfFolder(path) : path;
  if (!/\.m?js$/.test(entry)) {
    throw new PluginError(`${entry} is not JavaScript; build it, and name the .js file that comes out.`);
  }
  return entry;
}

function entryOfFolder(folder: string): string {
  const manifest = readManifest(folder);
  const named = exportedFile(manifest?.exports) ?? manifest?.main;
  const entry = join(folder, named ?? 'index.js');
  if (existsSync(entry)) return entry;
  const promise = named === undefined ? '' : ', which its package.json names';
  throw new PluginError(`there is no ${entry}${promise}; export the plugin there, or build it first.`);
}

/** What `exports` of a package.json gives to a plain import. */
function exportedFile(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported;
  if (typeof exported !== 'object' || exported === null) return undefined;
  const entries = exported as Record<string, unknown>;
  const [file] = ['.', 'import', 'node', 'default'].flatMap((name) => exportedFile(entries[name]) ?? []);
  return file;
}

function packageFolder(name: string, directory: string): string | undefined {
  if (!/^(@[\w.-]+\/)?[\w.-]+$/.test(name)) return undefined;
  const gateway = dirname(fileURLToPath(import.meta.url));
  return [...foldersAbove(directory), ...foldersAbove(gateway)]
    .map((folder) => join(folder, 'node_modules', name))
    .find((folder) => existsSync(folder));
}

function foldersAbove(start: string): string[] {
  const parent = dirname(start);
  return parent === start ? [start] : [start, ...foldersAbove(parent)];
}

function readManifest(folder: string): Manifest | undefined {
  const file = join(folder, 'package.json');
  if (!existsSync(file)) return undefined;
  try {
    return manifestSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new PluginError(`${file} cannot be read as a package.json; mend it.`, { cause: error });
  }
}
