import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { envelopeSchema, z } from 'archway/sdk';
import { afterAll, describe, expect, test } from 'vitest';
import { readText, root } from './tree.js';

const scratch = mkdtempSync(join(tmpdir(), 'archway-schema-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

describe('the JSON Schema of the envelope', () => {
  const committed = () => JSON.parse(readText('docs/spec/envelope-v1.schema.json')) as unknown;

  test('is the one that the code has (else: npm run generate)', () => {
    expect(committed()).toEqual(z.toJSONSchema(envelopeSchema));
  });

  test('would be seen to drift', () => {
    const drifted = envelopeSchema.extend({ signature: z.string() });
    expect(committed()).not.toEqual(z.toJSONSchema(drifted));
  });

  test('is written by scripts/generate-schema.mjs', () => {
    const file = join(scratch, 'envelope.json');
    writeFileSync(file, '{}');
    const script = join(root, 'scripts/generate-schema.mjs');
    const run = spawnSync(process.execPath, [script, file], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    expect(readText(relative(root, file))).toBe(readText('docs/spec/envelope-v1.schema.json'));
  });
});

describe('the pages of the plugins', () => {
  const committed = 'docs/plugins';

  test('are those that the schemas give (else: npm run generate)', () => {
    const folder = join(scratch, 'plugins');
    const script = join(root, 'scripts/generate-plugin-pages.mjs');
    const run = spawnSync(process.execPath, [script, folder], { encoding: 'utf8' });
    expect(run.stderr).toBe('');
    const names = readdirSync(folder).sort();
    expect(readdirSync(join(root, committed)).sort()).toEqual(names);
    for (const name of names) {
      expect(readText(`${committed}/${name}`), name).toBe(readText(relative(root, join(folder, name))));
    }
  });

  test('say of every setting what it is', () => {
    const pages = readdirSync(join(root, committed)).map((name) => readText(`${committed}/${name}`));
    const silent = pages.flatMap((page) => page.match(/^\| `\w+` \| +\|.*$/gm) ?? []);
    expect(silent).toEqual([]);
  });
});

test('the table of captured kinds is the one that declarations and fixtures give (else: npm run generate)', () => {
  const file = join(scratch, 'coverage.md');
  const script = join(root, 'scripts/generate-coverage.mjs');
  const run = spawnSync(process.execPath, [script, file], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  expect(readText('docs/coverage.md')).toBe(readText(relative(root, file)));
});

describe('the migrations', () => {
  test('make the tables that the schema has (else: npx drizzle-kit generate)', () => {
    const folder = join(scratch, 'migrations');
    cpSync(join(root, 'migrations'), folder, { recursive: true });
    const before = sqlFiles(folder);
    // drizzle-kit ends with 0 after an error too; only these words say that it has compared.
    expect(generateMigration(folder)).toContain('No schema changes');
    expect(sqlFiles(folder)).toEqual(before);
  });

  test('would be seen to lack a table', () => {
    const folder = join(scratch, 'no-migrations');
    expect(generateMigration(folder)).not.toContain('No schema changes');
    expect(sqlFiles(folder)).toHaveLength(1);
  });
});

function sqlFiles(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort();
}

/** What drizzle-kit prints when it brings a folder of migrations up to the schema. */
function generateMigration(folder: string): string {
  const tool = join(root, 'node_modules/drizzle-kit/bin.cjs');
  // It takes the folder from the working directory on, even one that begins with a slash.
  const options = [
    '--dialect',
    'postgresql',
    '--schema',
    './src/db/schema/*.ts',
    '--out',
    relative(root, folder),
  ];
  const run = spawnSync(process.execPath, [tool, 'generate', ...options], { cwd: root, encoding: 'utf8' });
  return `${run.stdout}${run.stderr}`;
}
