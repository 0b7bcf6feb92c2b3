import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';
import { isIdentifier } from '../core/identifier.js';
import { loadPlugins } from '../plugins/load.js';
import { CliError, usageError } from './cli-error.js';
import { exitCodes } from './exit-codes.js';
import type { Family } from './plugin-test.js';
import type { Context } from './shell.js';

/** What a new plugin starts as: the simplest one, which stands in `examples/` and is tested there. */
const templates: Readonly<
  Record<Family, { readonly folder: string; readonly id: string; readonly title: string }>
> = {
  connector: { folder: 'examples/connectors/plain-webhook', id: 'plain-webhook', title: 'Plain webhook' },
  sink: { folder: 'examples/sinks/plain-folder', id: 'plain-folder', title: 'Plain folder' },
};

/** `archway connector new`, `archway sink new`: lays out a folder that passes the test kit as it is. */
export async function newPlugin(
  { output }: Context,
  family: Family,
  name: string,
  options: { readonly dir?: string },
): Promise<void> {
  await requireName(family, name);
  const target = resolve(options.dir ?? '.', name);
  if (existsSync(target)) {
    throw new CliError(
      exitCodes.failed,
      'Already there',
      `${target} exists; choose another name, or another --dir.`,
    );
  }
  const { folder, id, title } = templates[family];
  const root = dirname(createRequire(import.meta.url).resolve('archway/package.json'));
  const rename = (text: string) => text.replaceAll(id, name).replaceAll(title, titleOf(name));
  const files = await copyTexts(join(root, folder), target, rename);
  if (output.json) return output.value({ folder: target, files });
  const shown = relative(process.cwd(), target) || '.';
  await output.lines(
    `Made ${target} with ${files.join(', ')}.`,
    `Try it:  archway ${family} test ${shown.startsWith('.') ? shown : `./${shown}`}`,
    `Use it:  ARCHWAY_PLUGINS=${target} archway serve`,
  );
}

async function requireName(family: Family, name: string): Promise<void> {
  if (!isIdentifier(name)) {
    throw usageError(
      `"${name}" cannot be an id; use lower-case letters, digits and single dashes, such as acme-chat.`,
    );
  }
  const builtIns = await loadPlugins();
  if ((family === 'connector' ? builtIns.connector(name) : builtIns.sink(name)) !== undefined) {
    throw usageError(`There is a built-in ${family} ${name}; choose another name.`);
  }
}

/** `acme-chat` is "Acme chat". */
function titleOf(name: string): string {
  const words = name.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** Copies a folder of text files, changing their text. Returns their paths within it. */
async function copyTexts(from: string, to: string, change: (text: string) => string): Promise<string[]> {
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(from, join(entry.parentPath, entry.name)))
    .sort();
  for (const file of files) {
    await mkdir(dirname(join(to, file)), { recursive: true });
    await writeFile(join(to, file), change(await readFile(join(from, file), 'utf8')), { flag: 'wx' });
  }
  return files;
}
