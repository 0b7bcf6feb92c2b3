import { describe, expect, test } from 'vitest';
import { longFile, syntaxProblems, syntaxRules, wordProblems, wordRules } from './style.js';
import { isCode, readFiles } from './tree.js';

const code = readFiles(isCode);
const texts = readFiles((path) =>
  /(^|\/)([^.]+|.*\.(ts|mts|js|mjs|json|md|sh|sql|ya?ml))$/.test(path),
).filter(
  // Written by npm; its digests are chance, and may spell anything.
  ({ path }) => path !== 'package-lock.json',
);

const body = (lines: number) => 'a();\n'.repeat(lines);

/** For each rule of syntax, code that breaks it: [path, text]. */
const canaries: Record<keyof typeof syntaxRules, [string, string][]> = {
  'functions stay below 70 lines': [
    ['src/core/x.ts', `function long() {\n${body(70)}}`],
    ['src/core/x.ts', `const long = () => {\n${body(70)}};`],
    ['src/core/x.ts', `class A {\n  long() {\n${body(70)}}\n}`],
    ['src/core/x.test.ts', `it('is long', () => {\n${body(70)}});`],
  ],
  'no any': [
    ['src/core/x.ts', 'export const a: any = 1;'],
    ['test/x.test.ts', 'const a = b as any;'],
    ['src/core/x.ts', 'export type A = Record<string, any>;'],
  ],
  'no empty catch': [
    ['src/core/x.ts', 'try { a(); } catch {}'],
    ['src/core/x.ts', 'try { a(); } catch (error) { /* never mind */ }'],
    ['src/core/x.ts', 'await a().catch(() => {});'],
  ],
  'no console outside the command line': [
    ['src/core/x.ts', "console.log('a');"],
    ['src/http/x.ts', "console['error']('a');"],
  ],
  'no process.env outside src/config': [
    ['src/cli/x.ts', 'const a = process.env.HOME;'],
    ['scripts/x.mjs', "const a = process['env'];"],
    ['src/core/x.ts', 'const { env } = process;'],
    ['src/core/x.ts', "import { env } from 'node:process';"],
  ],
  'every test runs': [
    ['src/core/x.test.ts', "it.skip('a', () => {});"],
    ['test/x.test.ts', "test.only('a', () => {});"],
    ['test/x.test.ts', "describe.concurrent.only('a', () => {});"],
    ['test/x.test.ts', "it.todo('a');"],
  ],
  'no test that cannot fail': [
    ['test/x.test.ts', 'expect(true).toBe(true);'],
    ['test/x.test.ts', 'expect(1).toBe(1);'],
  ],
};

test('there is code to look at', () => {
  expect(code.map(({ path }) => path)).toContain('test/tidy/style.test.ts');
  expect(texts.map(({ path }) => path)).toContain('package.json');
});

test('only the module that `.ci/run` goes by knows on which server the suite runs', () => {
  const variable = ['process', 'env', 'ARCHWAY_TEST_DATABASE_URL'].join('.');
  const readers = code.filter(({ text }) => text.includes(variable)).map(({ path }) => path);
  expect(readers).toEqual(['test/support/database-server.ts']);
});

describe.each(Object.entries(syntaxRules))('%s', (name, rule) => {
  test('holds', () => {
    expect(code.flatMap((file) => syntaxProblems(rule, file))).toEqual([]);
  });

  const cases = (canaries[name] ?? []).map(([path, text]) => ({ path, text, start: text.split('\n', 1)[0] }));
  test.each(cases)('is seen broken in $path: $start', ({ path, text }) => {
    expect(syntaxProblems(rule, { path, text })).toHaveLength(1);
  });

  test('is not seen broken by a text that only names it', () => {
    const text = '// any, console.log, process.env, catch {}\nexport const a = "it.skip expect(true) any";';
    expect(syntaxProblems(rule, { path: 'test/x.ts', text })).toEqual([]);
  });
});

test('every rule of syntax has a canary', () => {
  expect(Object.keys(canaries)).toEqual(Object.keys(syntaxRules));
  expect(Object.values(canaries).every((snippets) => snippets.length > 0)).toBe(true);
});

describe('files stay below 400 lines', () => {
  test('holds', () => {
    const files = readFiles((path) => isCode(path) || path.endsWith('.sh') || path === '.ci/run');
    expect(files.flatMap(longFile)).toEqual([]);
  });

  test('is seen broken', () => {
    expect(longFile({ path: 'src/core/x.ts', text: body(400) })).toHaveLength(1);
    expect(longFile({ path: 'src/core/x.ts', text: body(399) })).toEqual([]);
  });
});

/** Put together here, so that the rules do not find their own canaries in this file. */
const words: Record<keyof typeof wordRules, string[]> = {
  'no unfinished work': ['TO', 'FIX', 'XX'].map(
    (start) => `// ${start}${{ TO: 'DO', FIX: 'ME', XX: 'X' }[start]}: later`,
  ),
  'no paths of one machine': ['work', 'root', 'home', 'Users'].map((folder) => `see /${folder}/main/file.ts`),
};

describe.each(Object.entries(wordRules))('%s', (name, rule) => {
  test('holds', () => {
    expect(texts.flatMap((file) => wordProblems(rule, file))).toEqual([]);
  });

  test.each(words[name] ?? ['(no canary)'])('is seen broken: %s', (text) => {
    expect(wordProblems(rule, { path: 'scripts/x.sh', text })).toHaveLength(1);
  });
});
