import { spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const program = join(import.meta.dirname, '../../bin/archway.js');

/** A package folder with the program in it, and nothing built. */
async function newPackage(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archway-bin-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await cp(program, join(folder, 'bin/archway.js'));
  return folder;
}

const start = (folder: string, ...argv: string[]) =>
  spawnSync(process.execPath, [join(folder, 'bin/archway.js'), ...argv], { encoding: 'utf8' });

test('the program that was not built says how to', async () => {
  const { status, stderr } = start(await newPackage());
  expect(status).toBe(1);
  expect(stderr).toMatch(/npm run build/);
});

test('the program hands its arguments over and ends with the exit code that it gets', async () => {
  const folder = await newPackage();
  await mkdir(join(folder, 'dist/src/cli'), { recursive: true });
  const main = 'export async function run(argv, io) { io.stdout.write(argv.join()); return 6; }';
  await writeFile(join(folder, 'dist/src/cli/main.js'), main);
  const { status, stdout } = start(folder, 'sink', 'inspect');
  expect({ status, stdout }).toEqual({ status: 6, stdout: 'sink,inspect' });
});
