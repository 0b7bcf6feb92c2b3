/** A plugin cannot be used. The message says why and what to do. */
export class PluginError extends Error {
  override readonly name: string = 'PluginError';
}

/** Plugins that the configuration names cannot be used. Each problem begins with the plugin as it is named there. */
export class PluginsError extends PluginError {
  override readonly name = 'PluginsError';

  constructor(readonly problems: readonly string[]) {
    const lines = problems.map((problem) => `  - ${problem}`);
    super(
      `Plugins that ARCHWAY_PLUGINS names cannot be used, and Archway does not start without them:\n${lines.join('\n')}`,
    );
  }
}
