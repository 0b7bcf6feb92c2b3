import { loadPlugins } from '../../plugins/load.js';
import { PluginsError } from '../../plugins/plugin-error.js';
import { builtIn, type Registry } from '../../plugins/registry.js';
import { type Check, fail, ok } from './check.js';

const name = 'loaded plugins';

export interface PluginFinding {
  readonly checks: readonly Check[];
  /** Undefined when some plugin cannot be used: the server would not start either. */
  readonly registry: Registry | undefined;
}

/** Loads the plugins as the server would. */
export async function checkPlugins(references: readonly string[]): Promise<PluginFinding> {
  try {
    const registry = await loadPlugins(references);
    return { checks: [ok(name, describe(registry))], registry };
  } catch (error) {
    if (!(error instanceof PluginsError)) throw error;
    const remedy = 'mend that, or take it out of ARCHWAY_PLUGINS; the server does not start until then';
    return { checks: error.problems.map((problem) => fail(name, problem, remedy)), registry: undefined };
  }
}

function describe(registry: Registry): string {
  const all = [...registry.connectors, ...registry.sinks];
  const outside = all.filter((plugin) => registry.originOf(plugin) !== builtIn);
  const named = outside.map((plugin) => `, ${plugin.id} from ${registry.originOf(plugin)}`);
  return `${all.length - outside.length} built-in${named.join('')}`;
}
