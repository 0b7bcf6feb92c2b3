import type { Queries } from '../db/client.js';
import { countDeliveries, countInstance, type DeliveryCounts } from '../db/status.js';
import type { Registry } from '../plugins/registry.js';
import { readAccounts } from './accounts.js';
import { type ConfiguredSink, readSinks } from './sinks.js';
import type { Tenant } from './tenants.js';
import { findUnassignedAddresses } from './unknown-people.js';

export const noDeliveries: DeliveryCounts = { pending: 0, delivered: 0, dead: 0 };

export interface InstanceStatus {
  readonly records: number;
  readonly messages: number;
  readonly captures: { readonly pending: number; readonly quarantined: number };
  readonly deliveries: DeliveryCounts;
  /** Receipts about messages that the journal does not hold. */
  readonly parkedReceipts: number;
  /** Own addresses of accounts that are nobody's now: what is said under them names no custodian. */
  readonly unassignedOwnAddresses: number;
  readonly sinks: readonly ConfiguredSink[];
}

/** Where everything of an instance stands: what waits, what is done, what ended without success. */
export async function readStatus(
  queries: Queries,
  tenant: Tenant,
  registry: Registry,
): Promise<InstanceStatus> {
  const counts = await countInstance(queries, tenant.id);
  const deliveries = await countDeliveries(queries, tenant.id);
  const accounts = await readAccounts(queries, tenant, registry);
  const unassigned = await findUnassignedAddresses(queries, tenant, accounts, new Date());
  const { records, messages, parkedReceipts } = counts;
  return {
    records,
    messages,
    captures: { pending: counts.capturesPending, quarantined: counts.capturesQuarantined },
    deliveries: [...deliveries.values()].reduce(add, noDeliveries),
    parkedReceipts,
    unassignedOwnAddresses: unassigned.length,
    sinks: await readSinks(queries, tenant, registry),
  };
}

function add(left: DeliveryCounts, right: DeliveryCounts): DeliveryCounts {
  return {
    pending: left.pending + right.pending,
    delivered: left.delivered + right.delivered,
    dead: left.dead + right.dead,
  };
}
