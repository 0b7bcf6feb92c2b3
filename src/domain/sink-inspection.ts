import PQueue from 'p-queue';
import type { Queries } from '../db/client.js';
import { readEvidence } from '../db/delivery-queue.js';
import type { Evidence, Inspection } from '../sdk/index.js';
import { openEvidence } from './evidence.js';
import { openSink } from './sink-opening.js';
import type { ConfiguredSink } from './sinks.js';
import type { Tenant } from './tenants.js';

/** What a sink still has of one record. */
export interface Inspected {
  /** Sequence number of the record; where the next page goes on. */
  readonly sequence: number;
  readonly record: string;
  readonly delivery: string;
  readonly locator: string;
  readonly result: Inspection;
}

/** Thrown for a sink that cannot read back what it took. */
export class NotInspectableError extends Error {
  override readonly name = 'NotInspectableError';
}

const readsAtOnce = 8;

/**
 * Reads back what a page of evidence names, in the order of the journal.
 *
 * @throws {NotInspectableError}
 * @throws {Failure} when the sink cannot be opened or read.
 */
export async function inspectSink(
  queries: Queries,
  tenant: Tenant,
  sink: ConfiguredSink,
  page: { after: number; limit: number },
): Promise<Inspected[]> {
  if (!sink.type.guarantees.inspectable) throw notInspectable(sink);
  const rows = await readEvidence(queries, { sinkId: sink.id, ...page });
  const open = await openSink(sink);
  try {
    const inspect = open.inspect?.bind(open);
    if (inspect === undefined) throw notInspectable(sink);
    const queue = new PQueue({ concurrency: readsAtOnce });
    const reads = rows.map(({ delivery, evidence }) => async () => {
      const known: Evidence = openEvidence(tenant.vault, delivery.id, evidence.sealed);
      const result = await inspect(known);
      const { id, recordId: record, sequence } = delivery;
      return { sequence, record, delivery: id, locator: known.locator, result };
    });
    return await queue.addAll(reads);
  } finally {
    await open[Symbol.asyncDispose]();
  }
}

function notInspectable({ name, type }: ConfiguredSink): NotInspectableError {
  return new NotInspectableError(
    `The sink ${name} cannot be inspected: a sink of the type ${type.id} does not read back what it took. ` +
      'Its evidence stands with each message.',
  );
}
