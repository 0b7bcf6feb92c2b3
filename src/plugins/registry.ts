import type { Connector, Sink } from '../sdk/index.js';

export type Plugin = Connector | Sink;

/** The plugins of this process. The pipeline asks here and imports none. */
export interface Registry {
  connector(id: string): Connector | undefined;
  sink(id: string): Sink | undefined;
  readonly connectors: readonly Connector[];
  readonly sinks: readonly Sink[];
  /** Where a plugin came from: `built-in`, the path of its file, or its package as `name@version`. */
  originOf(plugin: Plugin): string;
}

export const builtIn = 'built-in';

/** @param origins where those plugins came from that are not built in. */
export function createRegistry(
  connectors: readonly Connector[],
  sinks: readonly Sink[],
  origins: ReadonlyMap<Plugin, string> = new Map(),
): Registry {
  const connectorsById = byId('connector', connectors);
  const sinksById = byId('sink', sinks);
  return {
    connectors,
    sinks,
    connector: (id) => connectorsById.get(id),
    sink: (id) => sinksById.get(id),
    originOf: (plugin) => origins.get(plugin) ?? builtIn,
  };
}

function byId<Each extends Plugin>(what: string, plugins: readonly Each[]): Map<string, Each> {
  const map = new Map<string, Each>();
  for (const plugin of plugins) {
    if (map.has(plugin.id)) throw new Error(`Two ${what}s call themselves ${plugin.id}; remove one of them.`);
    map.set(plugin.id, plugin);
  }
  return map;
}
