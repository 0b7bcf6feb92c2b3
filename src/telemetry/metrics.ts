import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { createSinkMetrics } from './sink-metrics.js';

export type Metrics = ReturnType<typeof createMetrics>;

/** The process's metrics, in Prometheus' terms. One registry per gateway, so that tests can run several. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'archway_' });
  const registers = [registry];
  return {
    registry,
    requests: new Counter({
      name: 'archway_webhook_requests_total',
      help: 'Webhook requests by outcome: accepted, refused, unknown, too_large, unavailable.',
      labelNames: ['outcome', 'connector', 'reason'] as const,
      registers,
    }),
    ingestGroupSize: new Histogram({
      name: 'archway_ingest_group_size',
      help: 'Captures that shared one commit.',
      buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256],
      registers,
    }),
    spooledCaptures: new Counter({
      name: 'archway_spooled_captures_total',
      help: 'Captures that went to the spool because the database was away.',
      registers,
    }),
    spoolWaiting: new Gauge({
      name: 'archway_spool_waiting',
      help: '1 while the spool holds captures.',
      registers,
    }),
    spoolBytes: new Gauge({
      name: 'archway_spool_bytes',
      help: 'What waits in the spool of this node.',
      registers,
    }),
    spoolRoomBytes: new Gauge({
      name: 'archway_spool_room_bytes',
      help: 'How much more the spool of this node would take.',
      registers,
    }),
    records: new Counter({
      name: 'archway_records_total',
      help: 'Records appended to the journal, by kind.',
      labelNames: ['kind'] as const,
      registers,
    }),
    unmatchedRecords: new Counter({
      name: 'archway_unmatched_records_total',
      help: 'Records that the filters of all sinks left out; they stand in the journal.',
      registers,
    }),
    duplicates: new Counter({
      name: 'archway_duplicate_events_total',
      help: 'Events that the journal had already.',
      registers,
    }),
    quarantined: new Counter({
      name: 'archway_quarantined_captures_total',
      help: 'Captures that went into quarantine, by reason.',
      labelNames: ['reason'] as const,
      registers,
    }),
    ...providerMetrics(registers),
    ...createSinkMetrics(registers),
  };
}

/** What is asked of providers in the background. */
function providerMetrics(registers: Registry[]) {
  return {
    attachments: new Counter({
      name: 'archway_attachments_total',
      help: 'Tries to fetch the bytes of an attachment, by outcome: stored, gone, retry, pause.',
      labelNames: ['outcome'] as const,
      registers,
    }),
    listed: new Counter({
      name: 'archway_reconciled_events_total',
      help: 'What providers listed, by what the journal had of it: recorded, missing, late.',
      labelNames: ['connector', 'outcome'] as const,
      registers,
    }),
    reconciliations: new Counter({
      name: 'archway_reconciliations_total',
      help: 'Windows compared with a provider, by cause and outcome: done, failed, or the kind of failure that is tried again.',
      labelNames: ['cause', 'outcome'] as const,
      registers,
    }),
  };
}
