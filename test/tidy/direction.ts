import { type Import, importsOf, isRelative, packageOf, targetOf } from './imports.js';
import { isTestCode, type Problem, type SourceFile } from './tree.js';

/**
 * The import direction of the gateway's own folders. What a folder may import is written out, so that a new folder
 * has to be placed here before it can be used.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  sdk: [],
  core: ['sdk'],
  telemetry: [],
  testkit: ['sdk', 'core'],
  vault: ['sdk', 'core'],
  plugins: ['sdk', 'core'],
  db: ['sdk', 'core'],
  config: [],
  domain: ['sdk', 'core', 'db', 'vault', 'plugins'],
  pipeline: ['sdk', 'core', 'db', 'vault', 'plugins', 'domain', 'telemetry'],
  http: ['sdk', 'core', 'db', 'vault', 'plugins', 'domain', 'pipeline', 'telemetry'],
  gateway: ['sdk', 'core', 'db', 'vault', 'plugins', 'domain', 'pipeline', 'http', 'config', 'telemetry'],
  cli: [
    ...['sdk', 'core', 'db', 'vault', 'plugins', 'domain', 'pipeline', 'http', 'gateway', 'config'],
    ...['telemetry', 'testkit'],
  ],
};

/** Beyond that, what may be imported as a type only, since it leaves no trace at run time. */
const mayImportTypesOf: Readonly<Record<string, readonly string[]>> = { config: ['db'] };

export interface Packages {
  /** Installed in production. */
  readonly dependencies: ReadonlySet<string>;
  /** Installed in production unless it is left out; so only to be imported when it is needed. */
  readonly optionalDependencies: ReadonlySet<string>;
  /** There for tests and tools only. */
  readonly devDependencies: ReadonlySet<string>;
}

/** Imports of `src/` (sinks aside) that go against the direction. */
export function layerProblems(file: SourceFile, packages: Packages): Problem[] {
  const layer = layerOf(file.path);
  if (layer === undefined) return [];
  if (!(layer in mayImport)) {
    return [
      `${file.path}: src/${layer} has no place in the import direction; give it one in the tidy tests.`,
    ];
  }
  return importsOf(file).flatMap((found) =>
    layerObjections(file.path, layer, found, packages).map((text) => at(file, found, text)),
  );
}

function layerObjections(path: string, layer: string, found: Import, packages: Packages): string[] {
  const { specifier } = found;
  if (specifier === undefined || specifier.startsWith('node:')) return [];
  if (!isRelative(specifier)) return packageObjections(path, found, packages);
  const target = targetOf(path, specifier);
  if (isTestCode(path) && /^test\/(\w+\/)?support\//.test(target)) return [];
  if (!isTestCode(path) && isTestCode(target)) return [`code that ships imports the test code ${target}`];
  const targetLayer = layerOf(target);
  if (targetLayer === layer || target === 'package.json') return [];
  if (targetLayer === undefined) return [`src/${layer} may not import ${target}`];
  if (mayImport[layer]?.includes(targetLayer)) return [];
  if (found.typeOnly && mayImportTypesOf[layer]?.includes(targetLayer)) return [];
  return [`src/${layer} may not import src/${targetLayer} (${specifier})`];
}

/** `src/core/ids.ts` is of `core`; sinks are plugins and have rules of their own. */
function layerOf(path: string): string | undefined {
  const layer = /^src\/([^/]+)\//.exec(path)?.[1];
  return layer === 'sinks' ? undefined : layer;
}

function packageObjections(path: string, { specifier = '', typeOnly }: Import, packages: Packages): string[] {
  const name = packageOf(specifier);
  if (name === 'archway') {
    return isTestCode(path) ? [] : ['src imports itself by relative paths; archway/… is for plugins'];
  }
  if (packages.dependencies.has(name)) return [];
  if (packages.devDependencies.has(name)) {
    return isTestCode(path) || typeOnly
      ? []
      : [`${name} is a devDependency, so an installed gateway lacks it`];
  }
  return [`${name} is not in package.json`];
}

/** What connectors of one provider share. A plugin too may use it, and it may use no plugin. */
const shared = /^providers\/[a-z-]+\//;

/** A connector or a sink, or what connectors share: its folder, and what it may use. `gatewayPackages` are what the gateway itself imports. */
export interface PluginRules {
  readonly folder: string;
  readonly packages: Packages;
  readonly gatewayPackages: ReadonlySet<string>;
}

/** Imports by which a built-in plugin would have more than a third party's has. */
export function pluginProblems(file: SourceFile, rules: PluginRules): Problem[] {
  return importsOf(file).flatMap((found) =>
    pluginObjections(file.path, found, rules).map((text) => at(file, found, text)),
  );
}

function pluginObjections(path: string, { specifier, typeOnly, lazy }: Import, rules: PluginRules): string[] {
  if (specifier === undefined) return ['a plugin may not import what is computed at run time'];
  if (specifier.startsWith('node:') || specifier === 'archway/sdk') return [];
  if (specifier === 'archway/testkit') {
    return isTestCode(path) ? [] : ['archway/testkit is for tests and testing.ts'];
  }
  if (isRelative(specifier)) return ownFileObjections(path, specifier, rules.folder);
  const name = packageOf(specifier);
  if (isTestCode(path) && rules.packages.devDependencies.has(name)) return [];
  if (rules.packages.optionalDependencies.has(name)) {
    return isTestCode(path) || typeOnly || lazy ? [] : [`${name} is optional: import it where it is used`];
  }
  if (rules.packages.dependencies.has(name) && !rules.gatewayPackages.has(name)) return [];
  return [`a plugin uses archway/sdk, node: and its provider's library, not ${specifier}`];
}

function ownFileObjections(path: string, specifier: string, folder: string): string[] {
  const target = targetOf(path, specifier);
  if (!target.startsWith(`${folder}/`) && !(shared.test(target) && !shared.test(`${folder}/`))) {
    return [`a plugin may not import ${target}, outside its own folder`];
  }
  if (!isTestCode(path) && isTestCode(target)) return [`code that ships imports the test code ${target}`];
  return [];
}

/** What the gateway itself is built of; plugins get at it through the SDK or not at all. */
export function packagesImportedBy(files: readonly SourceFile[]): Set<string> {
  const specifiers = files.flatMap((file) => importsOf(file).map((found) => found.specifier ?? ''));
  return new Set(specifiers.filter((name) => name !== '' && !/^(\.|node:)/.test(name)).map(packageOf));
}

function at(file: SourceFile, found: Import, text: string): Problem {
  return `${file.path}:${found.line}: ${text}`;
}
