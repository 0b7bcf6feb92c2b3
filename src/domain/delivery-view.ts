import type { Queries } from '../db/client.js';
import { type DeliveryWithEvidence, readDeliveries } from '../db/delivery-queue.js';
import type { Registry } from '../plugins/registry.js';
import type { FailureKind } from '../sdk/index.js';
import { openEvidence } from './evidence.js';
import { readSinks } from './sinks.js';
import type { Tenant } from './tenants.js';

/** What became of one record at one sink. */
export interface DeliveryView {
  /** Name and type are null when the sink's plugin is not installed any more. */
  readonly sink: { readonly id: string; readonly name: string | null; readonly type: string | null };
  readonly state: 'pending' | 'delivered' | 'dead';
  readonly attempts: number;
  readonly evidence: {
    readonly locator: string;
    readonly sha256: string;
    readonly storedAt: string;
    readonly retainedUntil: string | null;
  } | null;
  readonly failureKind: FailureKind | null;
  readonly failure: string | null;
}

export async function readDeliveryViews(
  queries: Queries,
  tenant: Tenant,
  registry: Registry,
  recordId: string,
): Promise<DeliveryView[]> {
  const rows = await readDeliveries(queries, [recordId]);
  const sinks = new Map((await readSinks(queries, tenant, registry)).map((sink) => [sink.id, sink]));
  return rows.map((row) => {
    const { sinkId: id, state, attempts, failureKind, failure } = row.delivery;
    const sink = sinks.get(id);
    return {
      sink: { id, name: sink?.name ?? null, type: sink?.type.id ?? null },
      state,
      attempts,
      evidence: evidenceOf(tenant, row),
      failureKind,
      failure,
    };
  });
}

function evidenceOf(tenant: Tenant, { delivery, evidence }: DeliveryWithEvidence): DeliveryView['evidence'] {
  if (evidence === null) return null;
  const { locator, sha256, storedAt, retainedUntil } = openEvidence(
    tenant.vault,
    delivery.id,
    evidence.sealed,
  );
  return { locator, sha256, storedAt, retainedUntil: retainedUntil ?? null };
}
