import type { Queries } from '../db/client.js';
import { countOutbound, type OutboundCounts, readPausedSending } from '../db/outbound.js';
import { noFigures, readFigures, type SinkFigures } from '../db/sink-counts.js';
import { countInstance } from '../db/status.js';
import type { Registry } from '../plugins/registry.js';
import { readAccounts } from './accounts.js';
import { type ConfiguredSink, readSinks } from './sinks.js';
import type { Tenant } from './tenants.js';
import { findUnassignedAddresses } from './unknown-people.js';

export type DeliveryCounts = Pick<SinkFigures, 'pending' | 'delivered' | 'dead'>;

export interface InstanceStatus {
  readonly records: number;
  /** Records that no sink took, by the filters that there were. */
  readonly unmatched: number;
  readonly messages: number;
  readonly captures: { readonly pending: number; readonly quarantined: number };
  readonly deliveries: DeliveryCounts;
  readonly outbound: OutboundCounts & { readonly pausedAccounts: number };
  /** Receipts about messages that the journal does not hold. */
  readonly parkedReceipts: number;
  /** Own addresses of accounts that are nobody's now: what is said under them names no custodian. */
  readonly unassignedOwnAddresses: number;
  readonly sinks: readonly { readonly sink: ConfiguredSink; readonly figures: SinkFigures }[];
}

/** Where everything of an instance stands: what waits, what is done, what ended without success. */
export async function readStatus(
  queries: Queries,
  tenant: Tenant,
  registry: Registry,
): Promise<InstanceStatus> {
  const counts = await countInstance(queries, tenant.id);
  const figures = await readFigures(queries, tenant.id);
  const sinks = await readSinks(queries, tenant, registry);
  const accounts = await readAccounts(queries, tenant, registry);
  const unassigned = await findUnassignedAddresses(queries, tenant, accounts, new Date());
  const { records, unmatched, messages, parkedReceipts } = counts;
  return {
    records,
    unmatched,
    messages,
    captures: { pending: counts.capturesPending, quarantined: counts.capturesQuarantined },
    deliveries: [...figures.values()].reduce<DeliveryCounts>(add, { pending: 0, delivered: 0, dead: 0 }),
    outbound: {
      ...(await countOutbound(queries, tenant.id)),
      pausedAccounts: (await readPausedSending(queries, tenant.id)).size,
    },
    parkedReceipts,
    unassignedOwnAddresses: unassigned.length,
    sinks: sinks.map((sink) => ({ sink, figures: figures.get(sink.id) ?? noFigures })),
  };
}

function add(left: DeliveryCounts, right: DeliveryCounts): DeliveryCounts {
  return {
    pending: left.pending + right.pending,
    delivered: left.delivered + right.delivered,
    dead: left.dead + right.dead,
  };
}
