import { join, resolve } from 'node:path';
import type { DatabaseLocation } from '../db/client.js';
import { type Variables, variablesSchema } from './variables.js';

export interface Config {
  readonly publicListener: { readonly host: string; readonly port: number };
  readonly adminListener: { readonly host: string; readonly port: number };
  readonly dataDirectory: string;
  /** Undefined: nobody said; the public listener's own address serves for a try. */
  readonly publicUrl: string | undefined;
  readonly database: DatabaseLocation;
  readonly masterKey: MasterKeySource;
  readonly spool: { readonly directory: string; readonly freeMinBytes: number };
  /** Hour of the day, UTC, at which the last days are compared with the providers; null for never. */
  readonly reconcileHour: number | null;
  /** Connectors and sinks beside the built-in ones: paths and package names, as given. */
  readonly plugins: readonly string[];
  readonly attachmentMaxBytes: number;
  /** This machine itself may play the provider; doctor and the log say so. */
  readonly allowTestEndpoints: boolean;
  readonly alerts: { readonly sinkDownMs: number; readonly behindMs: number; readonly notOpenMs: number };
  readonly logLevel: Variables['ARCHWAY_LOG_LEVEL'];
  /** For the command line. */
  readonly adminUrl: string | undefined;
  readonly apiKey: string | undefined;
}

export type MasterKeySource =
  | { readonly kind: 'value'; readonly base64: string }
  | { readonly kind: 'file'; readonly path: string; readonly createIfMissing: boolean };

/** Everything that is wrong with the environment, at once. No value is repeated: some are secrets. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly problems: readonly string[]) {
    super(`The configuration is not right:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws {ConfigError} names each variable and its remedy. */
export function readConfig(environment: Environment = process.env): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = variablesSchema.safeParse(given);
  const problems = [...unknownVariables(given), ...contradictions(given)];
  if (!result.success) {
    problems.push(...result.error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}.`));
  }
  if (!result.success || problems.length > 0) throw new ConfigError(problems);
  return fromVariables(result.data);
}

function unknownVariables(given: Record<string, unknown>): string[] {
  const known = Object.keys(variablesSchema.shape);
  return Object.keys(given)
    .filter((name) => name.startsWith('ARCHWAY_') && !known.includes(name))
    .map(
      (name) =>
        `${name} is not a variable of Archway; remove it or correct its spelling (see docs/configuration.md).`,
    );
}

function contradictions(given: Record<string, unknown>): string[] {
  if (given.ARCHWAY_MASTER_KEY === undefined || given.ARCHWAY_MASTER_KEY_FILE === undefined) return [];
  return ['ARCHWAY_MASTER_KEY and ARCHWAY_MASTER_KEY_FILE are both set; keep one of them.'];
}

function fromVariables(variables: Variables): Config {
  const dataDirectory = resolve(variables.ARCHWAY_DATA_DIR);
  return {
    publicListener: { host: variables.HOST, port: variables.PORT },
    adminListener: { host: variables.ADMIN_HOST, port: variables.ADMIN_PORT },
    dataDirectory,
    publicUrl: variables.ARCHWAY_PUBLIC_URL,
    database:
      variables.DATABASE_URL === undefined
        ? { kind: 'embedded', directory: join(dataDirectory, 'database') }
        : { kind: 'postgres', url: variables.DATABASE_URL },
    masterKey: masterKeySource(variables, dataDirectory),
    spool: {
      directory: resolve(variables.ARCHWAY_SPOOL_DIR ?? join(dataDirectory, 'spool')),
      freeMinBytes: variables.ARCHWAY_SPOOL_FREE_MIN_MB * 1024 * 1024,
    },
    reconcileHour: variables.ARCHWAY_RECONCILE_HOUR,
    plugins: (variables.ARCHWAY_PLUGINS ?? '')
      .split(',')
      .map((reference) => reference.trim())
      .filter((reference) => reference !== ''),
    attachmentMaxBytes: variables.ARCHWAY_ATTACHMENT_MAX_MB * 1024 * 1024,
    allowTestEndpoints: variables.ARCHWAY_ALLOW_TEST_ENDPOINTS === '1',
    alerts: {
      sinkDownMs: variables.ARCHWAY_ALERT_SINK_DOWN_MINUTES * 60_000,
      behindMs: variables.ARCHWAY_ALERT_BEHIND_MINUTES * 60_000,
      notOpenMs: variables.ARCHWAY_ALERT_ACCOUNT_NOT_OPEN_MINUTES * 60_000,
    },
    logLevel: variables.ARCHWAY_LOG_LEVEL,
    adminUrl: variables.ARCHWAY_ADMIN_URL,
    apiKey: variables.ARCHWAY_API_KEY,
  };
}

function masterKeySource(variables: Variables, dataDirectory: string): MasterKeySource {
  if (variables.ARCHWAY_MASTER_KEY !== undefined)
    return { kind: 'value', base64: variables.ARCHWAY_MASTER_KEY };
  const path = variables.ARCHWAY_MASTER_KEY_FILE;
  // A file that the operator named must exist: making another key beside a mistyped path would lock the data.
  if (path !== undefined) return { kind: 'file', path: resolve(path), createIfMissing: false };
  return { kind: 'file', path: join(dataDirectory, 'master-key'), createIfMissing: true };
}
