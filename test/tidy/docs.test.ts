import { describe, expect, test } from 'vitest';
import { variablesSchema } from '../../src/config/variables.js';
import { linkProblems, missingFromPlugin, undocumented, unknownVariables } from './documents.js';
import { exists, listFolders, readFiles, readText } from './tree.js';

const documents = readFiles((path) => path.endsWith('.md'));
const manifest = JSON.parse(readText('package.json')) as Record<string, Record<string, string>>;

describe('links', () => {
  test('of every document lead somewhere', () => {
    expect(documents.map(({ path }) => path)).toContain('README.md');
    expect(documents.flatMap((file) => linkProblems(file, { exists, readText }))).toEqual([]);
  });

  const tree = { exists: (path: string) => path === 'docs/b.md', readText: () => '# One heading: `it`\n' };
  const broken = [
    '[a](missing.md)',
    '[a](./sub/b.md)',
    '[a](b.md#other)',
    '![a](a.png)',
    '[a](#none)',
    '[a]: c.md',
  ];
  test.each(broken)('that lead nowhere are seen: %s', (text) => {
    expect(linkProblems({ path: 'docs/a.md', text }, tree)).toHaveLength(1);
  });

  const sound = [
    '[a](b.md)',
    '[a](b.md#one-heading-it)',
    '[a](/docs/b.md)',
    '[a](https://a.example)',
    '`[a](c.md)`',
  ];
  test.each(sound)('that lead somewhere pass: %s', (text) => {
    expect(linkProblems({ path: 'docs/a.md', text }, tree)).toEqual([]);
  });
});

test('a name that is not documented is seen', () => {
  expect(undocumented(['hono', '@hono/zod-openapi'], '| `@hono/zod-openapi` | routes |')).toEqual(['hono']);
});

test('every dependency stands in docs/dependencies.md, with what it is for', () => {
  const { dependencies, optionalDependencies, devDependencies } = manifest;
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...devDependencies });
  expect(names.length).toBeGreaterThan(10);
  expect(undocumented(names, readText('docs/dependencies.md'))).toEqual([]);
});

test('every variable stands in docs/configuration.md', () => {
  const names = Object.keys(variablesSchema.shape);
  expect(names).toContain('ARCHWAY_DATA_DIR');
  expect(undocumented(names, readText('docs/configuration.md'))).toEqual([]);
});

test('docs/configuration.md names no variable that does not exist', () => {
  const known = Object.keys(variablesSchema.shape);
  expect(unknownVariables(readText('docs/configuration.md'), known)).toEqual([]);
  expect(unknownVariables('Set `ARCHWAY_DATA_DIR` or ARCHWAY_DATA_PATH.', known)).toEqual([
    'ARCHWAY_DATA_PATH',
  ]);
});

const plugins = [...listFolders('connectors'), ...listFolders('src/sinks')];

test.each(plugins)('%s has its code, its document and its tests', (folder) => {
  expect(missingFromPlugin(folder, exists)).toEqual([]);
});

test('a plugin without a document is seen', () => {
  const exceptDocument = (path: string) => path !== 'connectors/canary/README.md';
  expect(missingFromPlugin('connectors/canary', exceptDocument)).toEqual(['README.md']);
});
