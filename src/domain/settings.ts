import type { z } from 'zod';
import { secretNames } from '../sdk/index.js';

/** Settings that a plugin refused. `problems` are one per setting, fit to be shown: no value is repeated. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';

  constructor(
    readonly plugin: string,
    readonly problems: readonly string[],
  ) {
    super(`The settings for ${plugin} are not right: ${problems.join('; ')}.`);
  }
}

/** @throws {SettingsError} names each setting and what it should be. */
export function parseSettings(plugin: string, schema: z.ZodObject, given: unknown): Record<string, unknown> {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => describe(issue, schema, given));
  throw new SettingsError(plugin, problems);
}

function describe(issue: z.core.$ZodIssue, schema: z.ZodObject, given: unknown): string {
  if (issue.code === 'unrecognized_keys') {
    return `${issue.keys.join(', ')} is not a setting (known: ${Object.keys(schema.shape).join(', ')})`;
  }
  const [setting] = issue.path;
  if (setting === undefined) return issue.message;
  const value = (given as Record<PropertyKey, unknown>)[setting];
  // What is wanted only because of another setting says why.
  return value === undefined && issue.code !== 'custom'
    ? `${String(setting)} is missing`
    : `${issue.path.join('.')}: ${issue.message}`;
}

/** The settings with every secret masked, for people to look at. */
export function maskSecrets(schema: z.ZodObject, settings: Record<string, unknown>): Record<string, unknown> {
  const hidden = new Set(secretNames(schema));
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [name, hidden.has(name) ? '••••' : value]),
  );
}
