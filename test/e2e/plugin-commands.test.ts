import { readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Outside } from '../support/outside.js';

const root = resolve(import.meta.dirname, '../..');
const examples = [
  ['connector', 'examples/connectors/plain-webhook'],
  ['sink', 'examples/sinks/plain-folder'],
] as const;

describe('the simplest plugins', () => {
  test.each(examples)('the %s in %s keeps every rule', async (family, folder) => {
    const outside = await Outside.create();
    const { code, stdout } = await outside.archway([family, 'test', join(root, folder), '--json']);
    const { origin, failed, results } = JSON.parse(stdout);
    expect(results.filter((result: { outcome: string }) => result.outcome !== 'passed')).toEqual([]);
    expect({ code, failed, origin }).toEqual({ code: 0, failed: 0, origin: join(root, folder, 'index.js') });
  });

  test('the connector has 80 lines of code at most, its part of the test kit included', async () => {
    const folder = join(root, examples[0][1]);
    const files = (await readdir(folder)).filter((name) => name.endsWith('.js'));
    const texts = await Promise.all(files.map((name) => readFile(join(folder, name), 'utf8')));
    expect(files).toEqual(['index.js', 'parse.js', 'settings.js', 'testing.js', 'verify.js']);
    expect(
      texts.flatMap((text) => text.split('\n')).filter((line) => line !== '').length,
    ).toBeLessThanOrEqual(80);
  });
});

describe.each(examples)('archway %s', (family) => {
  test('new lays out a plugin of that name, which test passes, by its path and by its package', async () => {
    const outside = await Outside.create();
    const laidOut = await outside.archway([family, 'new', 'acme-one', '--dir', 'node_modules']);
    expect(laidOut).toMatchObject({ code: 0, stderr: '' });
    expect(laidOut.stdout).toContain(
      `ARCHWAY_PLUGINS=${outside.pathOf('node_modules/acme-one')} archway serve`,
    );
    const byPath = await outside.archway([family, 'test', './node_modules/acme-one']);
    expect(byPath).toMatchObject({ code: 0, stderr: '' });
    expect(byPath.stdout).toMatch(/^✓ \w+\/identifiers-well-formed: .*\n(✓ .*\n)+\n\d+ passed, 0 failed\n$/m);
    // A copy of the SDK that came along is passed over for the gateway's own.
    await outside.put(
      'node_modules/archway/package.json',
      '{ "version": "0.0.0", "exports": { "./sdk": "./x.js" } }',
    );
    await outside.put('node_modules/archway/x.js', "throw new Error('Not this one.');");
    const byPackage = await outside.archway([family, 'test', 'acme-one', '--json']);
    expect(byPackage).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(byPackage.stdout)).toMatchObject({
      plugin: 'acme-one',
      family,
      origin: 'acme-one@0.1.0',
    });
  });

  test('new refuses a name that is no id, one that is taken, and a folder that is there', async () => {
    const outside = await Outside.create();
    const taken = family === 'connector' ? 'twilio-sms' : 'filesystem';
    const refusal = async (name: string) => {
      const { code, stderr } = await outside.archway([family, 'new', name]);
      return `${code}: ${stderr}`;
    };
    expect(await refusal('Acme Chat')).toMatch(/^2: "Acme Chat" cannot be an id; use lower-case letters/);
    expect(await refusal('../acme')).toMatch(/^2: "\.\.\/acme" cannot be an id/);
    expect(await refusal(taken)).toMatch(/^2: There is a built-in .*; choose another name/);
    const own = await outside.put('acme/mine.txt', 'mine');
    expect(await refusal('acme')).toMatch(/^1: .*acme exists; choose another name/);
    expect(await readFile(own, 'utf8')).toBe('mine');
    expect(await readdir(outside.folder)).toEqual(['acme']);
  });

  test('test ends with 6 and says what was seen and what to do, when a rule is broken', async () => {
    const outside = await Outside.create();
    await outside.archway([family, 'new', 'acme']);
    const text = await readFile(outside.pathOf('acme/index.js'), 'utf8');
    await outside.put('acme/index.js', text.replace(/title: '.*'/, "title: ' '"));
    const { code, stdout } = await outside.archway([family, 'test', './acme']);
    expect(code).toBe(6);
    expect(stdout).toMatch(
      /\n?✗ \w+\/identifiers-well-formed: .*\n {4}The title is empty\.\n {4}→ Correct .*\n/,
    );
    expect(stdout).toMatch(/\n\d+ passed, 1 failed\n$/);
    const { code: jsonCode, stdout: json } = await outside.archway([family, 'test', './acme', '--json']);
    expect(jsonCode).toBe(6);
    expect(JSON.parse(json)).toMatchObject({ failed: 1 });
  });

  test('test says what is missing, when there is nothing that a rule could be put to', async () => {
    const outside = await Outside.create();
    const other = family === 'connector' ? 'sink' : 'connector';
    await outside.archway([family, 'new', 'acme']);
    await outside.archway([other, 'new', 'other']);
    const refusal = async (path: string) => {
      const { code, stdout, stderr } = await outside.archway([family, 'test', path]);
      return `${code}:${stdout} ${stderr}`;
    };
    expect(await refusal('./none')).toMatch(
      /^1: \.\/none cannot be used: there is nothing at .*none; correct/,
    );
    await outside.put('five/index.js', 'export default 5;');
    expect(await refusal('./five')).toMatch(/^1: \.\/five cannot be used: it has no default export/);
    expect(await refusal('./other')).toContain(
      `./other is a ${other}; test it with: archway ${other} test ./other`,
    );
    await outside.put('acme/testing.js', 'export const subject = {};');
    expect(await refusal('./acme')).toMatch(/^1: .*testing\.js exports no proper subject \(subject\./);
    await outside.put('acme/testing.js', 'export {};');
    expect(await refusal('./acme')).toMatch(/^1: .*testing\.js exports no proper subject/);
    await outside.put('bare/index.js', "export { default } from '../acme/index.js';");
    expect(await refusal('./bare')).toMatch(/^1: There is no .*bare\/testing\.js, so no rule can be put/);
  });
});

test('a subject of another connector than the folder exports is refused', async () => {
  const outside = await Outside.create();
  await outside.archway(['connector', 'new', 'one']);
  await outside.archway(['connector', 'new', 'two']);
  await outside.put('one/testing.js', "export { subject } from '../two/testing.js';");
  const { code, stderr } = await outside.archway(['connector', 'test', './one']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/is of another connector than .*one\/index\.js exports; import it from there/);
});
