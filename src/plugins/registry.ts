import type { Connector, Sink } from '../sdk/index.js';

/** The plugins of this process. The pipeline asks here and imports none. */
export interface Registry {
  connector(id: string): Connector | undefined;
  sink(id: string): Sink | undefined;
  readonly connectors: readonly Connector[];
  readonly sinks: readonly Sink[];
}

export function createRegistry(connectors: readonly Connector[], sinks: readonly Sink[]): Registry {
  const connectorsById = byId('connector', connectors);
  const sinksById = byId('sink', sinks);
  return {
    connectors,
    sinks,
    connector: (id) => connectorsById.get(id),
    sink: (id) => sinksById.get(id),
  };
}

function byId<Plugin extends { readonly id: string }>(
  what: string,
  plugins: readonly Plugin[],
): Map<string, Plugin> {
  const map = new Map<string, Plugin>();
  for (const plugin of plugins) {
    if (map.has(plugin.id)) throw new Error(`Two ${what}s call themselves ${plugin.id}; remove one of them.`);
    map.set(plugin.id, plugin);
  }
  return map;
}
