import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { loadBuiltIns } from './built-ins.js';
import { findPlugin } from './find.js';
import { PluginError, PluginsError } from './plugin-error.js';
import { offerPublicModules } from './public-modules.js';
import { builtIn, createRegistry, type Plugin, type Registry } from './registry.js';
import { type Shaped, shapeOf } from './shape.js';

const defaultImportTimeoutMs = 30_000;
const tooLate = Symbol('too late');

export type LoadedPlugin = Shaped & {
  /** The file whose default export it is. */
  readonly entry: string;
  /** See `Registry.originOf`. */
  readonly origin: string;
};

/**
 * The built-in plugins and those that `ARCHWAY_PLUGINS` names, all of them or none: a gateway that left one out would turn
 * away the messages of its accounts.
 *
 * @param references paths and package names, looked up from the working directory.
 * @throws {PluginsError} names every plugin that cannot be used, and what to do.
 */
export async function loadPlugins(
  references: readonly string[] = [],
  importTimeoutMs = defaultImportTimeoutMs,
): Promise<Registry> {
  const { connectors, sinks } = await loadBuiltIns();
  const origins = new Map<Plugin, string>();
  const problems: string[] = [];
  for (const reference of references) {
    try {
      const loaded = await loadPlugin(reference, importTimeoutMs);
      const { family, plugin, origin } = loaded;
      const twin = (family === 'connector' ? connectors : sinks).find(({ id }) => id === plugin.id);
      if (twin !== undefined) throw idTaken(loaded, origins.get(twin) ?? builtIn);
      origins.set(plugin, origin);
      if (family === 'connector') connectors.push(plugin);
      else sinks.push(plugin);
    } catch (error) {
      if (!(error instanceof PluginError)) throw error;
      problems.push(`${reference}: ${error.message}`);
    }
  }
  if (problems.length > 0) throw new PluginsError(problems);
  return createRegistry(connectors, sinks, origins);
}

function idTaken({ family, plugin }: LoadedPlugin, origin: string): PluginError {
  return new PluginError(
    `there is a ${family} ${plugin.id} already (${origin}); keep one of them, or give this one another id.`,
  );
}

/** Loads one plugin from outside. @throws {PluginError} */
export async function loadPlugin(
  reference: string,
  importTimeoutMs = defaultImportTimeoutMs,
): Promise<LoadedPlugin> {
  const { entry, origin } = findPlugin(reference, process.cwd());
  const { default: exported } = await importOutside(entry, importTimeoutMs);
  return { ...shapeOf(exported), entry, origin };
}

/** Imports a file of a plugin from outside. @throws {PluginError} */
export async function importOutside(
  file: string,
  timeoutMs = defaultImportTimeoutMs,
): Promise<Record<string, unknown>> {
  offerPublicModules();
  const waiting = new AbortController();
  // The timer also keeps the process alive: without one, Node would end it without a word.
  const late = sleep(timeoutMs, tooLate, { signal: waiting.signal });
  late.catch(() => undefined);
  try {
    const loaded = await Promise.race([import(pathToFileURL(file).href), late]);
    if (loaded === tooLate) throw new Error(`it did not finish within ${timeoutMs / 1_000} s`);
    return loaded as Record<string, unknown>;
  } catch (error) {
    throw new PluginError(`${file} failed while it was loaded: ${reasonOf(error)}. ${remedyFor(error)}`, {
      cause: error,
    });
  } finally {
    waiting.abort();
  }
}

/** A syntax error tells its place only in its stack, whose first line is it. */
function reasonOf(error: unknown): string {
  const reason = String(error).replace(/\.$/, '');
  const place = error instanceof SyntaxError ? /^file:.*/.exec(error.stack ?? '')?.[0] : undefined;
  return place === undefined ? reason : `${reason} at ${place}`;
}

function remedyFor(error: unknown): string {
  return (error as { code?: unknown } | null)?.code === 'ERR_MODULE_NOT_FOUND'
    ? 'Run "npm install" in its folder, or correct the import.'
    : 'Mend it, or ask who made it.';
}
