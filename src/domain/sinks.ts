import { newId } from '../core/ids.js';
import type { Queries } from '../db/client.js';
import { insertSink, listSinks, type SinkFilter, type SinkRow, updateSink } from '../db/sinks.js';
import type { Registry } from '../plugins/registry.js';
import type { FailureKind, Sink } from '../sdk/index.js';
import { UnknownPluginError } from './accounts.js';
import { parseSettings } from './settings.js';
import { tryToOpen } from './sink-opening.js';
import type { Tenant } from './tenants.js';

export interface ConfiguredSink {
  readonly id: string;
  readonly instanceId: string;
  readonly name: string;
  readonly type: Sink;
  readonly settings: Record<string, unknown>;
  /** Null: it takes everything. */
  readonly filter: SinkFilter | null;
  /** Since when an operator has paused it; null while it is not. */
  readonly stoppedAt: string | null;
  /** Why nothing is delivered at the moment; null while all is well. */
  readonly trouble: SinkTrouble | null;
}

/** Lasts from the first failure of the sink as a whole to its next success. */
export interface SinkTrouble {
  readonly kind: FailureKind;
  readonly message: string;
  readonly since: string;
  /** When it is tried next. */
  readonly pausedUntil: string;
}

interface SealedSink {
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

const place = (id: string) => ({ table: 'sinks', id, column: 'sealed' });

/** A sink that could be opened as it is configured, and is not stored yet. */
export interface TriedSink {
  readonly type: Sink;
  readonly name: string;
  readonly settings: Record<string, unknown>;
}

/**
 * Checks the settings of a new sink, also by opening it. Not for a transaction: the other side may take its time.
 *
 * @throws {UnknownPluginError} @throws {SettingsError} @throws {Failure} when the sink cannot be used as configured.
 */
export async function trySink(
  registry: Registry,
  request: { type: string; name: string; settings: unknown },
): Promise<TriedSink> {
  const type = registry.sink(request.type);
  if (type === undefined) {
    const known = registry.sinks.map((each) => each.id).join(', ');
    throw new UnknownPluginError(`There is no sink type ${request.type}. Installed: ${known}.`);
  }
  const settings = parseSettings(type.id, type.settings, request.settings);
  await tryToOpen({ type, settings });
  return { type, name: request.name, settings };
}

/** Adds a sink; its name and settings are sealed. It receives the records that are made from now on. */
export async function addSink(
  tx: Queries,
  tenant: Tenant,
  { type, name, settings }: TriedSink,
  filter: SinkFilter | null = null,
): Promise<ConfiguredSink> {
  const id = newId();
  const sealed = tenant.vault.sealJson({ name, settings } satisfies SealedSink, place(id));
  await insertSink(tx, { id, instanceId: tenant.id, type: type.id, sealed, filter });
  const state = { stoppedAt: null, trouble: null };
  return { id, instanceId: tenant.id, name, type, settings, filter, ...state };
}

/** What is to change: settings that are not named stay, null takes one away. */
export interface SinkChanges {
  readonly name?: string | undefined;
  readonly settings?: Readonly<Record<string, unknown>> | undefined;
}

/** The changed sink, tried as a new one is. @throws as `trySink` does. */
export async function tryChangedSink(current: ConfiguredSink, changes: SinkChanges): Promise<TriedSink> {
  const { type } = current;
  const name = changes.name ?? current.name;
  if (changes.settings === undefined) return { type, name, settings: current.settings };
  const merged = Object.entries({ ...current.settings, ...changes.settings });
  const given = Object.fromEntries(merged.filter(([, value]) => value !== null));
  const settings = parseSettings(type.id, type.settings, given);
  await tryToOpen({ type, settings });
  return { type, name, settings };
}

/**
 * Stores a change. Records that wait go out under the new settings; a new filter is for the records made from now on. Let them
 * be taken over, then call `retrySink`: what is tried before that fails by the old settings, and waits once more.
 */
export async function changeSink(
  tx: Queries,
  tenant: Tenant,
  { id }: ConfiguredSink,
  { name, settings }: TriedSink,
  filter: SinkFilter | null,
): Promise<void> {
  const sealed = tenant.vault.sealJson({ name, settings } satisfies SealedSink, place(id));
  await updateSink(tx, { id, sealed, filter });
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
    const { id, filter } = row;
    const stoppedAt = row.stoppedAt?.toISOString() ?? null;
    return [{ id, instanceId: tenant.id, name, type, settings, filter, stoppedAt, trouble: trouble(row) }];
  });
}

function trouble(row: SinkRow): SinkTrouble | null {
  if (row.failureKind === null || row.pausedUntil === null) return null;
  return {
    kind: row.failureKind,
    message: row.failure ?? '',
    since: (row.failingSince ?? row.pausedUntil).toISOString(),
    pausedUntil: row.pausedUntil.toISOString(),
  };
}
