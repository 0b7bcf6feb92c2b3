import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface BuiltIn<Subject> {
  readonly name: string;
  readonly subject: Subject;
}

/**
 * The subjects of all plugins below a folder, such as `connectors`: what each `testing.ts` exports as `subject`. The
 * folder is listed, so that removing a plugin's own folder removes its tests, and adding one adds them.
 */
export async function builtIns<Subject>(folder: string): Promise<BuiltIn<Subject>[]> {
  const root = resolve(import.meta.dirname, '../..', folder);
  const names = existsSync(root) ? readdirSync(root, { withFileTypes: true }) : [];
  const folders = names.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return Promise.all(
    folders.sort().map(async (name) => {
      const file = join(root, name, 'testing.ts');
      if (!existsSync(file))
        throw new Error(`${folder}/${name} has no testing.ts, so no rule can be put to it.`);
      const module = (await import(pathToFileURL(file).href)) as { subject?: Subject };
      if (module.subject === undefined) throw new Error(`${folder}/${name}/testing.ts exports no subject.`);
      return { name, subject: module.subject };
    }),
  );
}
