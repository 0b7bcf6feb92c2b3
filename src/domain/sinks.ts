import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { insertSink, listSinks, type SinkRow } from '../db/tenancy.js';
import type { Registry } from '../plugins/registry.js';
import type { FailureKind, Sink } from '../sdk/index.js';
import { UnknownPluginError } from './accounts.js';
import { parseSettings } from './settings.js';
import type { Tenant } from './tenants.js';

export interface ConfiguredSink {
  readonly id: string;
  readonly instanceId: string;
  readonly name: string;
  readonly type: Sink;
  readonly settings: Record<string, unknown>;
  /** Why nothing is delivered at the moment; null while all is well. */
  readonly trouble: {
    readonly kind: FailureKind;
    readonly message: string;
    readonly pausedUntil: string;
  } | null;
}

interface SealedSink {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

const place = (id: string) => ({ table: 'sinks', id, column: 'sealed' });

/**
 * Adds a sink; its name and settings are sealed. It receives the records that are made from now on.
 *
 * @throws {UnknownPluginError} @throws {SettingsError} @throws {Failure} when the sink cannot be used as configured.
 */
export async function addSink(
  tx: Queries,
  tenant: Tenant,
  registry: Registry,
  request: { type: string; name: string; settings: unknown },
): Promise<ConfiguredSink> {
  const type = registry.sink(request.type);
  if (type === undefined) {
    const known = registry.sinks.map((each) => each.id).join(', ');
    throw new UnknownPluginError(`There is no sink type ${request.type}. Installed: ${known}.`);
  }
  const settings = parseSettings(type.id, type.settings, request.settings);
  const trial = await type.open(settings, { now: () => new Date() });
  await trial[Symbol.asyncDispose]();
  const id = newId();
  const sealed = tenant.vault.sealJson({ name: request.name, settings } satisfies SealedSink, place(id));
  await insertSink(tx, { id, instanceId: tenant.id, type: type.id, sealed });
  return { id, instanceId: tenant.id, name: request.name, type, settings, trouble: null };
}

export async function readSinks(
  queries: Queries,
  tenant: Tenant,
  registry: Registry,
): Promise<ConfiguredSink[]> {
  const rows = await listSinks(queries, tenant.id);
  return rows.flatMap((row) => {
    const type = registry.sink(row.type);
    if (type === undefined) return [];
    const { name, settings } = tenant.vault.openJson(row.sealed, place(row.id)) as SealedSink;
    return [{ id: row.id, instanceId: tenant.id, name, type, settings, trouble: trouble(row) }];
  });
}

function trouble(row: SinkRow): ConfiguredSink['trouble'] {
  if (row.failureKind === null || row.pausedUntil === null) return null;
  return { kind: row.failureKind, message: row.failure ?? '', pausedUntil: row.pausedUntil.toISOString() };
}
