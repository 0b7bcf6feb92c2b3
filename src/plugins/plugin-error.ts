/** A plugin cannot be used. The message names it and says what to do. */
export class PluginError extends Error {
  override readonly name = 'PluginError';
}
