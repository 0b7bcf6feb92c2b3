import { join } from 'node:path';
import { sql } from 'drizzle-orm';
import { newId } from '../src/core/ids.js';
import { type Database, type DatabaseLocation, openDatabase, type Queries } from '../src/db/client.js';
import { advanceJournal, appendEntries } from '../src/db/journal.js';
import { insertMessages } from '../src/db/message-log.js';
import { listSinks } from '../src/db/sinks.js';
import { holdJournal } from '../src/db/threads.js';
import { type Account, readAccounts } from '../src/domain/accounts.js';
import { addressId } from '../src/domain/addresses.js';
import { type Resolve, resolvePeople } from '../src/domain/people.js';
import { type Tenant, Tenants } from '../src/domain/tenants.js';
import { recordTouches } from '../src/domain/threads.js';
import { draft, type Source } from '../src/pipeline/draft.js';
import { type Entry, makeEntry } from '../src/pipeline/entry.js';
import { originOf } from '../src/pipeline/origin.js';
import { loadPlugins } from '../src/plugins/load.js';
import { loadMasterKeyFile } from '../src/vault/index.js';

export interface SeedPlan {
  /** Records that the journal is to have in the end. */
  readonly records: number;
  /** When the last of them came; each one before it `stepMs` earlier. */
  readonly endsAt: Date;
  readonly stepMs: number;
  /** Conversations that these records are spread over. */
  readonly conversations: number;
}

const batchSize = 2_000;
/** One message in so many is of the last account, whose custodian says little. */
const quietShare = 1_000;

/**
 * Fills the journal of a gateway that does not run: sealed, digested and signed for as the recorder does it, with all that
 * records are found by, and delivered to every sink. Only the captures that they came from are left out.
 */
export async function seedJournal(
  dataDirectory: string,
  location: DatabaseLocation,
  plan: SeedPlan,
): Promise<void> {
  const database = await openDatabase(location);
  try {
    const masterKey = loadMasterKeyFile(join(dataDirectory, 'master-key'));
    const [tenant] = await new Tenants(database, await masterKey).list();
    if (tenant === undefined) throw new Error('There is no instance to fill.');
    await fill(database, tenant, plan);
    await database.sql.unsafe('vacuum analyze');
  } finally {
    await database.close();
  }
}

async function fill(database: Database, tenant: Tenant, plan: SeedPlan): Promise<void> {
  const accounts = await readAccounts(database.orm, tenant, await loadPlugins([]));
  const own = accounts.flatMap((account) => account.ownAddresses);
  const people = await resolvePeople(
    database.orm,
    tenant,
    own.map((address) => addressId(tenant.vault, address)),
  );
  const maker = { tenant, accounts, people, plan };
  let stored: Promise<void> = Promise.resolve();
  for (let last = await lastSequence(database.orm, tenant.id); last < plan.records; last += batchSize) {
    const count = Math.min(batchSize, plan.records - last);
    // Made while the database stores those before.
    const entries = Array.from({ length: count }, (_, index) => entryOf(last + 1 + index, maker));
    await stored;
    stored = database.orm.transaction(async (tx) => store(tx, tenant, entries, last + count));
  }
  await stored;
}

interface Maker {
  readonly tenant: Tenant;
  readonly accounts: readonly Account[];
  readonly people: Resolve;
  readonly plan: SeedPlan;
}

function entryOf(sequence: number, { tenant, accounts, people, plan }: Maker): Entry {
  const recordedAt = new Date(plan.endsAt.getTime() - (plan.records - sequence) * plan.stepMs);
  const busy = accounts.length - 1;
  // A large odd factor spreads neighbours over the conversations.
  const conversation = (sequence * 7_919) % plan.conversations;
  const account = accounts[sequence % quietShare === 0 ? busy : conversation % busy] as Account;
  const [number = ''] = account.ownAddresses;
  const contact = `+1202${String(5_550_000 + conversation)}`;
  const source: Source = {
    row: {
      id: newId(),
      instanceId: tenant.id,
      accountId: account.id,
      endpoint: 'messages',
      provenance: 'webhook',
      receivedAt: recordedAt.toISOString(),
      sealed: new Uint8Array(),
      attempts: 1,
      replayOf: null,
    },
    capture: undefined,
    account,
    origin: originOf(account, 'webhook'),
  };
  const made = draft(tenant.vault, source, `message/SM${sequence.toString(16).padStart(32, '0')}`, {
    kind: 'message',
    key: `message/SM${sequence.toString(16).padStart(32, '0')}`,
    conversation: `${contact} ${number}`,
    channel: 'sms',
    direction: 'inbound',
    from: { scheme: 'tel', value: contact, asReceived: contact },
    to: [{ scheme: 'tel', value: number, asReceived: number }],
    text: `Could you call me back about the order from this morning? (${sequence})`,
    attachments: [],
  });
  const entry = makeEntry(made, sequence, { tenant, people, peopleBehind: () => ({}), recordedAt });
  return { ...entry, record: { ...entry.record, captureId: null } };
}

async function store(tx: Queries, tenant: Tenant, entries: readonly Entry[], last: number): Promise<void> {
  await holdJournal(tx, tenant.id);
  await appendEntries(tx, {
    records: entries.map(({ record }) => record),
    addresses: entries.flatMap(({ addresses }) => addresses),
    receipts: [],
    attachments: [],
  });
  await insertMessages(
    tx,
    entries.flatMap(({ message }) => message ?? []),
  );
  await recordTouches(
    tx,
    tenant,
    entries.flatMap(({ touch }) => touch ?? []),
    [],
  );
  for (const sink of await listSinks(tx, tenant.id)) await deliver(tx, tenant.id, sink.id, entries);
  await advanceJournal(tx, tenant.id, last);
}

async function deliver(
  tx: Queries,
  instanceId: string,
  sinkId: string,
  entries: readonly Entry[],
): Promise<void> {
  const first = entries[0]?.record.sequence ?? 0;
  await tx.execute(sql`
    insert into deliveries (id, instance_id, sink_id, record_id, sequence, lane, state, attempts, changed_at)
    select gen_random_uuid(), instance_id, ${sinkId}, id, sequence, conversation_id, 'delivered', 1, recorded_at
    from records where instance_id = ${instanceId} and sequence >= ${first}`);
  await tx.execute(sql`
    insert into lanes (instance_id, sink_id, lane)
    select distinct instance_id, ${sinkId}::uuid, conversation_id
    from records where instance_id = ${instanceId} and sequence >= ${first}
    on conflict do nothing`);
  const count = entries.length;
  await tx.execute(sql`update sink_inflow set queued = queued + ${count} where sink_id = ${sinkId}`);
  await tx.execute(sql`
    insert into sink_outflow (sink_id, minute, instance_id, delivered, failed)
    values (${sinkId}, 'epoch', ${instanceId}, ${count}, 0)
    on conflict (sink_id, minute) do update set delivered = sink_outflow.delivered + excluded.delivered`);
}

async function lastSequence(queries: Queries, instanceId: string): Promise<number> {
  const [row] = await queries.execute<{ last: number }>(
    sql`select last_sequence::float8 as last from journals where instance_id = ${instanceId}`,
  );
  return row?.last ?? 0;
}
