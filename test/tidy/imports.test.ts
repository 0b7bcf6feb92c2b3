import { describe, expect, test } from 'vitest';
import { layerProblems, packagesImportedBy, pluginProblems } from './direction.js';
import { purityProblems } from './purity.js';
import { isTestCode, listFolders, readFiles, readText } from './tree.js';

const manifest = JSON.parse(readText('package.json')) as Record<string, Record<string, string>>;
const packages = {
  dependencies: new Set(Object.keys(manifest.dependencies ?? {})),
  optionalDependencies: new Set(Object.keys(manifest.optionalDependencies ?? {})),
  devDependencies: new Set(Object.keys(manifest.devDependencies ?? {})),
};
const sources = readFiles((path) => /^(src|connectors|providers)\/.*\.ts$/.test(path));
const gatewayCode = sources.filter(({ path }) => path.startsWith('src/') && !path.startsWith('src/sinks/'));
const gatewayPackages = packagesImportedBy(gatewayCode.filter(({ path }) => !isTestCode(path)));
const plugins = [...listFolders('connectors'), ...listFolders('src/sinks')];
const providers = listFolders('providers');

const filesOf = (folder: string) => sources.filter(({ path }) => path.startsWith(`${folder}/`));

describe('the import direction', () => {
  test('holds in src', () => {
    expect(gatewayCode.flatMap((file) => layerProblems(file, packages))).toEqual([]);
  });

  const canaries: [string, string, string][] = [
    ['upwards', 'src/core/x.ts', "import { a } from '../db/client.js';"],
    ['upwards, as a type', 'src/core/x.ts', "import type { A } from '../db/client.js';"],
    ['upwards, by a re-export', 'src/sdk/x.ts', "export * from '../core/ids.js';"],
    ['upwards, at run time', 'src/db/x.ts', "const a = await import('../pipeline/ingest.js');"],
    ['upwards, in a type expression', 'src/vault/x.ts', "export type A = import('../http/a.js').A;"],
    ['the configuration from below the gateway', 'src/http/x.ts', "import { a } from '../config/index.js';"],
    ['the database from the configuration', 'src/config/x.ts', "import { a } from '../db/client.js';"],
    ['anything of ours from telemetry', 'src/telemetry/x.ts', "import { a } from '../core/ids.js';"],
    ['the pipeline from the test kit', 'src/testkit/x.ts', "import { a } from '../pipeline/ingest.js';"],
    ['a plugin from the pipeline', 'src/pipeline/x.ts', "import a from '../sinks/filesystem/index.js';"],
    ['a connector from src', 'src/cli/x.ts', "import a from '../../connectors/twilio-sms/index.js';"],
    ['a folder without a place', 'src/new-idea/x.ts', 'export const a = 1;'],
    ['test code from code that ships', 'src/cli/x.ts', "import a from '../../test/support/build.js';"],
    ['a devDependency from code that ships', 'src/cli/x.ts', "import { test } from 'vitest';"],
    ['a package that nobody declared', 'src/cli/x.ts', "import a from 'left-pad';"],
  ];
  test.each(canaries)('sees an import of %s', (_, path, text) => {
    expect(layerProblems({ path, text }, packages)).toHaveLength(1);
  });

  const allowed: [string, string, string][] = [
    ['downwards', 'src/pipeline/x.ts', "import { a } from '../core/ids.js';"],
    [
      'types of the database in the configuration',
      'src/config/x.ts',
      "import type { A } from '../db/client.js';",
    ],
    ['test support in a test', 'src/db/x.test.ts', "import { a } from '../../test/support/database.js';"],
    ['a text that only looks like an import', 'src/core/x.ts', "// import '../db/client.js'"],
  ];
  test.each(allowed)('allows %s', (_, path, text) => {
    expect(layerProblems({ path, text }, packages)).toEqual([]);
  });
});

describe('plugins', () => {
  test('there are some', () => {
    expect(plugins).toContain('connectors/twilio-sms');
    expect(plugins).toContain('src/sinks/filesystem');
  });

  test.each([...plugins, ...providers])('%s has no more than a third party has', (folder) => {
    const rules = { folder, packages, gatewayPackages };
    expect(filesOf(folder).flatMap((file) => pluginProblems(file, rules))).toEqual([]);
  });

  const canaries: [string, string, string][] = [
    ['the sources of the gateway', 'x.ts', "import { a } from '../../src/core/ids.js';"],
    ['the sources of the gateway, in a test', 'x.test.ts', "import { a } from '../../src/sdk/index.js';"],
    ['another plugin', 'x.ts', "import { a } from '../twilio-sms/form.js';"],
    ['test code of what they share', 'x.ts', "import { a } from '../../providers/twilio/testing.js';"],
    ['what the gateway is built of', 'x.ts', "import { Hono } from 'hono';"],
    ['the test kit in code that ships', 'x.ts', "import { a } from 'archway/testkit';"],
    ['its own test code in code that ships', 'x.ts', "import { subject } from './testing.js';"],
    ['a devDependency in code that ships', 'x.ts', "import { it } from 'vitest';"],
    ['an optional package at once', 'x.ts', "import a from '@whiskeysockets/baileys';"],
    ['a module that is computed', 'x.ts', 'export const load = (name: string) => import(name);'],
  ];
  test.each(canaries)('are seen importing %s', (_, name, text) => {
    const rules = { folder: 'connectors/canary', packages, gatewayPackages };
    expect(pluginProblems({ path: `connectors/canary/${name}`, text }, rules)).toHaveLength(1);
  });
});

describe('an optional package', () => {
  test.each([
    ['when it is needed', "const a = await import('@whiskeysockets/baileys');"],
    ['as a type', "import type { A } from '@whiskeysockets/baileys';"],
  ])('may be imported %s', (_, text) => {
    const rules = { folder: 'connectors/canary', packages, gatewayPackages };
    expect(pluginProblems({ path: 'connectors/canary/x.ts', text }, rules)).toEqual([]);
  });
});

test('plugins may use what they share, which uses none of them', () => {
  const use = "import { a } from '../../providers/twilio/form.js';";
  const plugin = { folder: 'connectors/canary', packages, gatewayPackages };
  expect(pluginProblems({ path: 'connectors/canary/x.ts', text: use }, plugin)).toEqual([]);
  for (const text of [
    "import a from '../../connectors/twilio-sms/index.js';",
    "import a from '../other/a.js';",
  ]) {
    const rules = { folder: 'providers/canary', packages, gatewayPackages };
    expect(pluginProblems({ path: 'providers/canary/x.ts', text }, rules)).toHaveLength(1);
  }
});

describe('parse, verify and reply', () => {
  test.each(listFolders('connectors'))('of %s are pure', (folder) => {
    const files = [...filesOf(folder), ...filesOf('providers')].filter(({ path }) => !isTestCode(path));
    expect(files.map(({ path }) => path)).toContain(`${folder}/parse.ts`);
    expect(purityProblems(files)).toEqual([]);
  });

  const canaries: [string, string][] = [
    ['files', "import { readFileSync } from 'node:fs';"],
    ['sockets', "import net from 'node:net';"],
    ['HTTP', "import { request } from 'node:http';"],
    ['fetch', 'export const parse = () => fetch(url);'],
    ['the clock', 'export const parse = () => Date.now();'],
    ['the clock, by a date', 'export const parse = () => new Date();'],
    ['chance', 'export const parse = () => Math.random();'],
    ['chance of crypto', "import { randomBytes } from 'node:crypto';"],
    ['the process', 'export const parse = () => process.env.HOME;'],
    ['a timer', 'export const parse = () => setTimeout(done, 1);'],
  ];
  test.each(canaries)('are seen using %s', (_, text) => {
    expect(purityProblems([{ path: 'connectors/canary/parse.ts', text }])).not.toEqual([]);
  });

  test('are seen using the clock through another file', () => {
    const files = [
      { path: 'connectors/canary/verify.ts', text: "import { a } from './one.js';" },
      { path: 'connectors/canary/one.ts', text: "export { a } from './two.js';" },
      { path: 'connectors/canary/two.ts', text: 'export const a = () => Date.now();' },
    ];
    expect(purityProblems(files)).toEqual([expect.stringMatching(/^connectors\/canary\/two\.ts:1: /)]);
  });

  test('may use digests and given times', () => {
    const text =
      "import { createHmac } from 'node:crypto';\nexport const parse = (at: string) => new Date(at);";
    expect(purityProblems([{ path: 'connectors/canary/parse.ts', text }])).toEqual([]);
  });
});
