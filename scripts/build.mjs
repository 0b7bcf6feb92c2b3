// Compiles the tree into dist/. The folder is emptied first, so that a connector removed from the tree is
// gone from the build too (built-ins are found by listing dist/connectors).
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(
  /package\.json$/,
  'bin/tsc',
);
const options = optionalPackagesAreInstalled() ? [] : ['--noCheck'];
const result = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json', ...options], {
  cwd: root,
  stdio: 'inherit',
});
process.exit(result.status ?? 1);

/** After `npm ci --omit=optional` their types are missing too, so the sources can be compiled but not checked. */
function optionalPackagesAreInstalled() {
  const { optionalDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  return Object.keys(optionalDependencies).every((name) => existsSync(`${root}node_modules/${name}`));
}
