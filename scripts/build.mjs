// Compiles the tree into dist/. The folder is emptied first, so that a connector removed from the tree is
// gone from the build too (built-ins are found by listing dist/connectors).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
// The compiler is a program for this platform, which npm takes for an optional package: `npm ci --omit=optional` leaves it out.
const compilerIsInstalled = isInstalled(`@typescript/typescript-${process.platform}-${process.arch}`);
process.exit(compilerIsInstalled ? compile() : await compileUnchecked());

function compile() {
  const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  // Without an optional package its types are missing too, so the sources can be compiled but not checked.
  const options = Object.keys(optionalDependencies).every(isInstalled) ? [] : ['--noCheck'];
  const compiler = `${root}node_modules/typescript/bin/tsc`;
  const result = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', ...options], {
    cwd: root,
    stdio: 'inherit',
  });
  return result.status ?? 1;
}

async function compileUnchecked() {
  const { buildUnchecked } = await import('./build-unchecked.mjs');
  return buildUnchecked(root);
}

function isInstalled(name) {
  return existsSync(`${root}node_modules/${name}/package.json`);
}
