import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { exists, readText, root } from './tree.js';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly engines: Record<string, string>;
  readonly bin: Record<string, string>;
  readonly files: readonly string[];
  readonly exports: Record<string, string | Record<string, string>>;
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
}

interface Lock {
  readonly packages: Record<string, Partial<Manifest>>;
}

const manifest = JSON.parse(readText('package.json')) as Manifest;
const lock = JSON.parse(readText('package-lock.json')) as Lock;

/** Files that the manifest promises and that are not there after a build. */
function missingFiles({ bin, exports, files }: Pick<Manifest, 'bin' | 'exports' | 'files'>): string[] {
  const exported = Object.values(exports).flatMap((entry) =>
    typeof entry === 'string' ? [entry] : Object.values(entry),
  );
  // `!dist/bench` leaves something out rather than promising it.
  const packed = files.filter((pattern) => !pattern.startsWith('!'));
  return [...Object.values(bin), ...exported, ...packed].filter((path) => !exists(path));
}

const allOf = ({ dependencies, optionalDependencies, devDependencies }: Partial<Manifest>) => ({
  ...dependencies,
  ...optionalDependencies,
  ...devDependencies,
});

/** Direct dependencies of which the lock says something else than the manifest. */
function driftFromLock({ packages }: Lock): string[] {
  const wanted = allOf(manifest);
  const locked = allOf(packages[''] ?? {});
  const names = new Set([...Object.keys(wanted), ...Object.keys(locked)]);
  return [...names].filter(
    (name) => wanted[name] !== locked[name] || packages[`node_modules/${name}`]?.version !== wanted[name],
  );
}

describe('package.json', () => {
  test('asks for the Node that the code needs, as the lock file does', () => {
    expect(manifest.engines.node).toBe('>=20.19');
    expect(lock.packages['']?.engines).toEqual(manifest.engines);
  });

  test('carries the licence that lies beside it', () => {
    expect(manifest.license).toBe('Apache-2.0');
    expect(readText('LICENSE')).toContain('Apache License');
  });

  test('names only files that exist', () => {
    expect(missingFiles(manifest)).toEqual([]);
    expect(missingFiles({ bin: {}, exports: { './sdk': { default: './dist/none.js' } }, files: [] })).toEqual(
      ['./dist/none.js'],
    );
  });

  test('pins every direct dependency to the version in the lock file', () => {
    expect(driftFromLock(lock)).toEqual([]);
    const drifted = { ...lock.packages, 'node_modules/hono': { version: '0.0.1' } };
    expect(driftFromLock({ packages: drifted })).toEqual(['hono']);
  });
});

describe('what an installed package offers', () => {
  test.each(['sdk', 'testkit'])('archway/%s can be imported', (name) => {
    const code = `console.log(Object.keys(await import('archway/${name}')).length > 0)`;
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ output: run.stdout.trim(), errors: run.stderr }).toEqual({ output: 'true', errors: '' });
  });

  test('nothing else can', () => {
    const code = "await import('archway/dist/src/cli/main.js')";
    const run = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(run.stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});
