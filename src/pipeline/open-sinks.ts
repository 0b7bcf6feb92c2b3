import type { Database } from '../db/client.js';
import { type ConfiguredSink, readSinks } from '../domain/sinks.js';
import type { Tenant } from '../domain/tenants.js';
import type { Registry } from '../plugins/registry.js';
import type { OpenSink } from '../sdk/index.js';

/** A sink that was opened once and serves until the end. */
export class SinkHandle {
  #open: Promise<OpenSink> | undefined;

  constructor(readonly configured: ConfiguredSink) {}

  /** @throws {Failure} when the sink cannot be opened; the next call tries again. */
  async get(): Promise<OpenSink> {
    this.#open ??= this.#begin();
    const opening = this.#open;
    try {
      return await opening;
    } catch (error) {
      // Not one that another caller has begun since.
      if (this.#open === opening) this.#open = undefined;
      throw error;
    }
  }

  async #begin(): Promise<OpenSink> {
    return this.configured.type.open(this.configured.settings, { now: () => new Date() });
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    await open?.[Symbol.asyncDispose]();
  }
}

export async function sinkHandles(
  database: Database,
  tenant: Tenant,
  registry: Registry,
): Promise<SinkHandle[]> {
  const configured = await readSinks(database.orm, tenant, registry);
  return configured.map((sink) => new SinkHandle(sink));
}
