import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findPlugin } from './find.js';
import { loadPlugin, loadPlugins } from './load.js';

let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'archway-plugins-')));
});
afterEach(() => rm(directory, { recursive: true }));

/** Writes a file below the directory; returns its path. */
async function put(path: string, text: string): Promise<string> {
  const file = join(directory, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
  return file;
}

/** A module whose default export is a whole sink, or one with changed members (as code). */
function sinkModule(changes: Record<string, string> = {}): string {
  const members = {
    id: "'box'",
    title: "'A box'",
    settings: '{ safeParse() {}, shape: {} }',
    guarantees: '{ immutable: false, dedupes: true, inspectable: false }',
    open: 'async () => undefined',
    ...changes,
  };
  return `export default {\n${Object.entries(members)
    .map(([name, value]) => `${name}: ${value},\n`)
    .join('')}};\n`;
}

function connectorModule(changes: Record<string, string> = {}): string {
  const { id, title, settings, ...declared } = {
    id: "'acme'",
    title: "'Acme'",
    settings: '{ safeParse() {}, shape: {} }',
    version: "'1'",
    capabilities: "{ events: ['message'], gaps: 'undetectable', blindSpots: ['Whispers.'] }",
    webhooks: "{ messages: { purpose: 'At Acme.', verify: () => ({ ok: true }) } }",
    ownAddresses: '() => []',
    parse: "() => ({ kind: 'ignored', reason: 'A test.' })",
    ...changes,
  };
  const members = { id, title, settings, ...declared };
  return `export default { ${Object.entries(members)
    .map(([name, value]) => `${name}: ${value}`)
    .join(', ')} };\n`;
}

it('does not wait for ever for a module that never ends', { timeout: 10_000 }, async () => {
  const file = await put('endless/index.js', `await new Promise(() => undefined);\n${sinkModule()}`);
  const good = await put('box/index.js', sinkModule());
  await expect(loadPlugins([file, good], 50)).rejects.toThrow(
    `${file} failed while it was loaded: Error: it did not finish within 0.05 s. Mend it, or ask who made it.`,
  );
});

const problemOf = async (file: string) =>
  loadPlugin(file).then(
    () => 'none',
    (error: Error) => error.message,
  );

describe('what is loaded', () => {
  it('stands in the registry beside the built-in plugins, and says where it came from', async () => {
    const connectorFile = await put('acme/index.js', connectorModule());
    const sinkFile = await put('box.mjs', sinkModule({ contract: '1' }));
    const registry = await loadPlugins([join(directory, 'acme'), sinkFile]);
    expect(registry.originOf(registry.connector('acme')!)).toBe(connectorFile);
    expect(registry.originOf(registry.sink('box')!)).toBe(sinkFile);
    expect(registry.originOf(registry.connector('twilio-sms')!)).toBe('built-in');
  });

  it('is all of it or nothing: every problem is told at once, each under the name that was given', async () => {
    const whole = await put('whole.js', sinkModule());
    const broken = await put('broken.js', "throw new Error('No wheel.');");
    const taken = await put('taken.js', sinkModule({ id: "'filesystem'" }));
    const loading = loadPlugins([whole, broken, taken, whole, join(directory, 'none')]);
    const { message } = await loading.then(
      () => new Error('It was loaded.'),
      (error: Error) => error,
    );
    expect(message).toMatch(/^Plugins that ARCHWAY_PLUGINS names cannot be used, and Archway does not start/);
    expect(message.split('\n').slice(1)).toEqual([
      `  - ${broken}: ${broken} failed while it was loaded: Error: No wheel. Mend it, or ask who made it.`,
      `  - ${taken}: there is a sink filesystem already (built-in); keep one of them, or give this one another id.`,
      `  - ${whole}: there is a sink box already (${whole}); keep one of them, or give this one another id.`,
      `  - ${join(directory, 'none')}: there is nothing at ${join(directory, 'none')}; correct the path.`,
    ]);
  });
});

describe('what is refused, with what to do', () => {
  const refused: [string, string, RegExp][] = [
    ['no default export', 'export const sink = 1;', /no default export.*export default defineConnector/],
    [
      'neither of both',
      'export default { id: "acme" };',
      /neither a connector, which has "parse", nor a sink/,
    ],
    [
      'a malformed id',
      sinkModule({ id: "'Big Box'" }),
      /"id" is not lower-case letters, digits and single dashes/,
    ],
    ['no title', sinkModule({ title: "''" }), /"title" is empty/],
    ['settings that are no schema', sinkModule({ settings: '{}' }), /"settings" is not a Zod object/],
    [
      'a guarantee left open',
      sinkModule({ guarantees: '{}' }),
      /"guarantees.immutable" is neither true nor false/,
    ],
    ['another contract', sinkModule({ contract: '2' }), /made for version 2 .* this gateway has version 1/],
    [
      'an unknown kind',
      connectorModule({ capabilities: "{ events: ['gossip'], gaps: 'undetectable', blindSpots: [] }" }),
      /"capabilities.events.0" is no kind of event/,
    ],
    [
      'no verifier',
      connectorModule({ webhooks: "{ messages: { purpose: 'At Acme.' } }" }),
      /"webhooks.messages.verify" is not a function/,
    ],
    ['parse that is no function', connectorModule({ parse: '1' }), /"parse" is not a function/],
    ['an import that is not there', "import 'left-pad-of-nobody';", /failed while it was loaded/],
    ['a fault of syntax', 'export default {', /failed while it was loaded/],
  ];
  it.each(refused)('%s', async (_, text, reason) => {
    expect(await problemOf(await put('plugin.js', text))).toMatch(reason);
  });

  it('TypeScript that was not built', async () => {
    expect(await problemOf(await put('plugin.ts', sinkModule()))).toMatch(/is not JavaScript; build it/);
  });

  it('a folder without a plugin, and one whose package.json names what is not there', async () => {
    await put('empty/README.md', '');
    expect(await problemOf(join(directory, 'empty'))).toMatch(
      /there is no .*index.js; export the plugin there/,
    );
    await put('unbuilt/package.json', '{ "main": "dist/index.js" }');
    expect(await problemOf(join(directory, 'unbuilt'))).toMatch(
      /dist\/index.js, which its package.json names/,
    );
    await put('odd/package.json', '{ "main": ');
    expect(await problemOf(join(directory, 'odd'))).toMatch(/cannot be read as a package.json; mend it/);
  });
});

describe('a package', () => {
  const files: [string, string][] = [
    ['main', '{ "version": "1.2.3", "main": "lib/plugin.js" }'],
    ['exports', '{ "version": "1.2.3", "exports": "./lib/plugin.js" }'],
    [
      'exports by condition',
      '{ "version": "1.2.3", "exports": { ".": { "types": "./x.d.ts", "import": "./lib/plugin.js" } } }',
    ],
  ];
  it.each(files)('is found by its name, above the directory, by %s', async (_, manifest) => {
    await put('node_modules/@acme/box/package.json', manifest);
    const entry = await put('node_modules/@acme/box/lib/plugin.js', sinkModule());
    await put('below/x', '');
    expect(findPlugin('@acme/box', join(directory, 'below'))).toEqual({ entry, origin: '@acme/box@1.2.3' });
  });

  it('that is not installed is told with the command that installs it', () => {
    expect(() => findPlugin('acme-box', directory)).toThrow(`run "npm install acme-box" in ${directory}`);
    expect(() => findPlugin('./acme-box', directory)).toThrow(`nothing at ${join(directory, 'acme-box')}`);
  });
});
