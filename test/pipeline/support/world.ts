import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { eq } from 'drizzle-orm';
import { newId } from '../../../src/core/ids.js';
import type { Database } from '../../../src/db/client.js';
import { insertCaptures } from '../../../src/db/inbox.js';
import { readRecords } from '../../../src/db/journal.js';
import { instances } from '../../../src/db/schema/index.js';
import { type Account, addAccount } from '../../../src/domain/accounts.js';
import { Blobs } from '../../../src/domain/blobs.js';
import { sealCapture } from '../../../src/domain/captures.js';
import { readEnvelope } from '../../../src/domain/records.js';
import { addSink, type ConfiguredSink, trySink } from '../../../src/domain/sinks.js';
import { type Tenant, Tenants } from '../../../src/domain/tenants.js';
import { AccountDirectory } from '../../../src/pipeline/account-directory.js';
import { LiveSessions } from '../../../src/pipeline/live-sessions.js';
import { Normaliser } from '../../../src/pipeline/normaliser.js';
import { createRegistry, type Registry } from '../../../src/plugins/registry.js';
import type { Capture, Connector, Envelope, Sink } from '../../../src/sdk/index.js';
import { createLog, type Log } from '../../../src/telemetry/log.js';
import { createMetrics } from '../../../src/telemetry/metrics.js';
import { MasterKey } from '../../../src/vault/index.js';
import { until } from '../../support/until.js';
import { type Said, scriptedConnector, token } from './connector.js';

export const masterKey = new MasterKey(new Uint8Array(32).fill(7));
const metrics = createMetrics();

const blobs = new Blobs(mkdtempSync(join(tmpdir(), 'archway-blobs-')));
process.once('exit', () => rmSync(blobs.directory, { recursive: true, force: true }));

export interface WorldOptions {
  readonly connector?: Connector;
  readonly sinks?: readonly Sink[];
  readonly keepLocation?: boolean;
}

/** An instance of its own with one account, in a database that tests share. */
export class World {
  readonly node = newId();
  readonly metrics = metrics;
  readonly blobs = blobs;
  readonly live = new LiveSessions();
  readonly attachmentMaxBytes = 1024 * 1024;
  readonly allowTestEndpoints = true;
  /** Everything that was logged, as it was written. */
  readonly logged: string[] = [];
  readonly log: Log;

  private constructor(
    readonly database: Database,
    readonly tenants: Tenants,
    readonly tenant: Tenant,
    readonly account: Account,
    readonly sinks: readonly ConfiguredSink[],
    readonly registry: Registry,
    readonly directory: AccountDirectory,
  ) {
    const destination = new Writable({
      write: (line, _, done) => {
        this.logged.push(String(line));
        done();
      },
    });
    this.log = createLog({ level: 'trace', destination });
  }

  static async open(database: Database, options: WorldOptions = {}): Promise<World> {
    const { connector = scriptedConnector(), sinks = [], keepLocation = false } = options;
    const registry = createRegistry([connector], sinks);
    const tenants = new Tenants(database, masterKey);
    const { id } = (await tenants.create(`instance-${newId()}`)) as Tenant;
    await database.orm.update(instances).set({ settings: { keepLocation } }).where(eq(instances.id, id));
    const tenant = (await tenants.byId(id)) as Tenant;
    const { orm } = database;
    const configured: ConfiguredSink[] = [];
    for (const { id: type } of sinks) {
      const tried = await trySink(registry, { type, name: type, settings: {} });
      configured.push(await addSink(orm, tenant, tried));
    }
    const request = { connector: connector.id, name: 'desk', settings: { token } };
    const account = await addAccount(orm, tenant, registry, request);
    const directory = new AccountDirectory(database, tenants, registry);
    await directory.refresh();
    return new World(database, tenants, tenant, account, configured, registry, directory);
  }

  /** The same instance as a process sees it that has another version of the connector. */
  async upgraded(connector: Connector): Promise<World> {
    const registry = createRegistry([connector], this.registry.sinks);
    const directory = new AccountDirectory(this.database, this.tenants, registry);
    await directory.refresh();
    const { database, tenants, tenant, account, sinks } = this;
    return new World(database, tenants, tenant, account, sinks, registry, directory);
  }

  /** Puts captures into the inbox, in this order; returns their ids. */
  async receive(...said: readonly (Said | string)[]): Promise<string[]> {
    const rows = said.map((each) => sealCapture(this.tenant.vault, newId(), this.capture(each)));
    await insertCaptures(this.database, rows);
    return rows.map(({ id }) => id);
  }

  capture(said: Said | string, given: Partial<Capture> = {}): Capture {
    return {
      account: this.account.id,
      endpoint: 'messages',
      method: 'POST',
      url: `https://gateway.example.com/webhooks/${this.account.id}/messages`,
      headers: { 'x-token': token },
      body: Buffer.from(typeof said === 'string' ? said : JSON.stringify(said)),
      receivedAt: new Date().toISOString(),
      provenance: 'webhook',
      ...given,
    };
  }

  normaliser(node = this.node): Normaliser {
    return new Normaliser({ ...this, node });
  }

  /** Reads everything in the inbox. */
  async normalise(): Promise<void> {
    const normaliser = this.normaliser();
    normaliser.start();
    await until(async () => (await this.captureStates()).every(({ state }) => state !== 'pending'));
    await normaliser.stop();
  }

  async captureStates(): Promise<{ id: string; state: string; reason: string | null }[]> {
    return this.database.sql`
      select id, state, reason from captures where instance_id = ${this.tenant.id} order by position`;
  }

  /** The journal, in its order. */
  async envelopes(): Promise<Envelope[]> {
    const page = { instanceId: this.tenant.id, after: 0, limit: 100_000 };
    const rows = await readRecords(this.database.orm, page);
    return rows.map((row) => readEnvelope(this.tenant.vault, row));
  }
}
