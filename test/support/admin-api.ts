import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { newId } from '../../src/core/ids.js';
import { insertApiKey } from '../../src/db/access.js';
import { claimLanes, readPending } from '../../src/db/delivery-queue.js';
import { claimCaptures, insertCaptures } from '../../src/db/inbox.js';
import { readRecordsById } from '../../src/db/journal.js';
import { acquireLease } from '../../src/db/leases.js';
import { writeBackup } from '../../src/domain/backup/index.js';
import { Blobs } from '../../src/domain/blobs.js';
import { openCapture, sealCapture } from '../../src/domain/captures.js';
import { envelopeBytes, readEnvelope } from '../../src/domain/records.js';
import { readSinks } from '../../src/domain/sinks.js';
import { type Tenant, Tenants } from '../../src/domain/tenants.js';
import { type AdminOptions, createAdmin } from '../../src/http/admin/index.js';
import { AccountDirectory } from '../../src/pipeline/account-directory.js';
import { originOf } from '../../src/pipeline/origin.js';
import { laneResult } from '../../src/pipeline/outcomes.js';
import { readCapture } from '../../src/pipeline/reading.js';
import { record } from '../../src/pipeline/recorder.js';
import { Settlement } from '../../src/pipeline/settlement.js';
import { createRegistry } from '../../src/plugins/registry.js';
import { createLog } from '../../src/telemetry/log.js';
import { createMetrics } from '../../src/telemetry/metrics.js';
import { createApiKey, hashApiKey, MasterKey } from '../../src/vault/index.js';
import { openTestDatabase } from './database.js';
import { type ApiDocument, deviations, findOperation } from './openapi-check.js';
import { mailboxSink, shelfSink, testConnector } from './test-plugins.js';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** As parsed: tests look into answers of many shapes. */
  readonly body: ReturnType<JSON['parse']>;
}

export interface CallOptions {
  readonly body?: unknown;
  /** Null: no key at all. Default: the admin key. */
  readonly key?: string | null;
  readonly headers?: Record<string, string>;
}

const noFiles = { spoolDirectory: '/nonexistent/spool', blobsDirectory: '/nonexistent/blobs' };

export type TestApi = Awaited<ReturnType<typeof startTestApi>>;

async function openStores() {
  const { database, close: closeDatabase } = await openTestDatabase();
  const blobs = new Blobs(await mkdtemp(join(tmpdir(), 'archway-blobs-')));
  const close = async () => {
    await closeDatabase();
    await rm(blobs.directory, { recursive: true });
  };
  return { database, blobs, close };
}

/** The private API over a database of its own, with plugins for tests and an instance `default`. */
export async function startTestApi(overrides: Partial<AdminOptions> = {}) {
  const { database, blobs, close } = await openStores();
  const registry = createRegistry([testConnector as never], [shelfSink as never, mailboxSink as never]);
  const tenants = new Tenants(database, new MasterKey(randomBytes(32)));
  const tenant = (await tenants.create('default'))!;
  const directory = new AccountDirectory(database, tenants, registry);
  const logged: string[] = [];
  const log = createLog({ level: 'info', destination: { write: (line: string) => void logged.push(line) } });
  const options: AdminOptions = {
    database,
    tenants,
    registry,
    directory,
    blobs,
    refresh: () => directory.refresh(),
    spoolWaiting: () => false,
    allowTestEndpoints: false,
    writeBackup: (id, write) => writeBackup({ ...tenants, ...noFiles }, id, write),
    publicUrl: 'https://archway.example.com',
    metrics: createMetrics(),
    log,
    ...overrides,
  };
  const app = createAdmin(options);
  const document = (await (await app.request('/openapi.json')).json()) as ApiDocument;

  async function addKey(scopes: ('read' | 'admin')[], instanceId: string | null = null): Promise<string> {
    const key = createApiKey();
    await insertApiKey(database.orm, {
      id: newId(),
      instanceId,
      name: 'test',
      hash: hashApiKey(key),
      scopes,
    });
    return key;
  }
  const adminKey = await addKey(['admin']);

  /** Sends a request. Every answer is held against the OpenAPI document, whatever the test is about. */
  async function call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const key = options.key === undefined ? adminKey : options.key;
    const response = await app.request(path, {
      method,
      headers: {
        ...(key !== null && { authorization: `Bearer ${key}` }),
        ...(options.body !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(options.body !== undefined && {
        body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body),
      }),
    });
    const text = await response.text();
    const contentType = response.headers.get('content-type') ?? '';
    const body = contentType.includes('json') ? JSON.parse(text) : text;
    const answer = { status: response.status, headers: response.headers, body };
    const operation = findOperation(document, method, path.split('?')[0] as string);
    if (operation !== undefined) {
      expect(deviations(document, operation, { ...answer, contentType }), `${method} ${path}`).toEqual([]);
    }
    return answer;
  }

  return { ...options, app, document, tenant, adminKey, logged, addKey, call, close, ...pipeline(options) };
}

/** The steps of the pipeline, one at a time and by hand, so that tests need not wait. */
function pipeline({ database, registry, directory, log, metrics }: AdminOptions) {
  const node = newId();
  return {
    /** Puts a capture into the inbox, as ingest does; returns its id. */
    async capture(tenant: Tenant, account: string, body: unknown): Promise<string> {
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      const row = sealCapture(tenant.vault, newId(), {
        account,
        endpoint: 'messages',
        method: 'POST',
        url: `https://archway.example.com/webhooks/${account}/messages`,
        headers: {},
        body: bytes,
        receivedAt: new Date().toISOString(),
        provenance: 'webhook',
      });
      await insertCaptures(database, [row]);
      return row.id;
    },
    /** Turns the inbox into records, as the normaliser does. */
    async record(tenant: Tenant): Promise<void> {
      const request = {
        name: `journal/${tenant.id}`,
        instanceId: tenant.id,
        holder: node,
        durationMs: 60_000,
      };
      const lease = (await acquireLease(database.orm, request))!;
      const rows = await claimCaptures(database.orm, { instanceId: tenant.id, limit: 256 });
      const reads = rows.map((row) => {
        const account = row.accountId === null ? undefined : directory.get(row.accountId)!.account;
        const capture = openCapture(tenant.vault, row);
        const origin = originOf(account, capture.provenance);
        return { source: { row, capture, account, origin }, reading: readCapture(account, capture) };
      });
      await database.orm.transaction((tx) => record(tx, tenant, lease, reads));
    },
    /** Gives each lane of a sink one turn, as the dispatcher does: up to its first failure. */
    async deliver(tenant: Tenant, sinkId: string): Promise<void> {
      const sink = (await readSinks(database.orm, tenant, registry)).find(({ id }) => id === sinkId)!;
      const settlement = new Settlement({ database, tenant, sink, node, log, metrics });
      const open = await sink.type.open(sink.settings, { now: () => new Date() });
      const lanes = await claimLanes(database.orm, {
        sinkId,
        active: [],
        holder: node,
        limit: 100,
        leaseMs: 60_000,
      });
      const pending = await readPending(database.orm, { sinkId, lanes, perLaneMax: 1_000 });
      for (const [lane, rows] of pending) {
        const records = await readRecordsById(
          database.orm,
          rows.map((row) => row.recordId),
        );
        const work = rows.map((row) => {
          const envelope = readEnvelope(tenant.vault, records.get(row.recordId)!);
          return { idempotencyKey: `${row.recordId}/${sinkId}`, envelope, bytes: envelopeBytes(envelope) };
        });
        const outcomes = await open.deliver(work, AbortSignal.timeout(10_000));
        await settlement.settle(laneResult({ lane, startedAt: performance.now() }, rows, outcomes));
      }
      await open[Symbol.asyncDispose]();
    },
  };
}

const client = '+12025550123';

/** A message as the test connector reads it. */
export function messageEvent(key: string, fields: Record<string, unknown> = {}) {
  return {
    kind: 'message',
    key,
    conversation: client,
    channel: 'sms',
    direction: 'inbound',
    from: { scheme: 'tel', value: client, asReceived: client },
    to: [{ scheme: 'tel', value: '+12025550100', asReceived: '+12025550100' }],
    text: `Text of ${key}`,
    attachments: [],
    ...fields,
  };
}
