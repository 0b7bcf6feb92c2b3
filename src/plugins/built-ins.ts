import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Connector, Sink } from '../sdk/index.js';

export interface BuiltIns {
  readonly connectors: Connector[];
  readonly sinks: Sink[];
}

/**
 * Finds the built-in plugins by listing their folders, so that a folder removed is a plugin removed and no list needs
 * an edit. The same relative paths hold in the sources and in dist/.
 */
export async function loadBuiltIns(): Promise<BuiltIns> {
  return {
    connectors: await importFolders<Connector>(new URL('../../connectors/', import.meta.url)),
    sinks: await importFolders<Sink>(new URL('../sinks/', import.meta.url)),
  };
}

async function importFolders<BuiltIn>(parent: URL): Promise<BuiltIn[]> {
  const folders = await readdir(parent, { withFileTypes: true });
  const entries = folders
    .filter((folder) => folder.isDirectory())
    .map((folder) => entryFile(fileURLToPath(new URL(folder.name, parent))))
    .filter((entry) => entry !== undefined)
    .sort();
  return Promise.all(
    entries.map(async (entry) => {
      const module = (await import(pathToFileURL(entry).href)) as { default?: BuiltIn };
      if (module.default === undefined)
        throw new Error(`${entry} has no default export; export the plugin there.`);
      return module.default;
    }),
  );
}

function entryFile(folder: string): string | undefined {
  return ['index.js', 'index.ts'].map((name) => `${folder}/${name}`).find((path) => existsSync(path));
}
