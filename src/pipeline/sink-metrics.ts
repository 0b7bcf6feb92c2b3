import { noFigures, type SinkFigures } from '../db/sink-counts.js';
import type { SinkRow } from '../db/sinks.js';
import type { Metrics } from '../telemetry/metrics.js';

const states = ['open', 'down', 'paused'] as const;

export type SinkState = (typeof states)[number];

export function observeSinks(
  metrics: Metrics,
  sinks: readonly SinkRow[],
  figures: ReadonlyMap<string, SinkFigures>,
): void {
  for (const { id: sink, stoppedAt, failingSince } of sinks) {
    const { pending, lagSeconds, dead } = figures.get(sink) ?? noFigures;
    const isUp = failingSince === null ? 'open' : 'down';
    const current: SinkState = stoppedAt === null ? isUp : 'paused';
    for (const state of states) metrics.sinkStates.set({ sink, state }, state === current ? 1 : 0);
    metrics.sinkWaiting.set({ sink }, pending);
    metrics.sinkLagSeconds.set({ sink }, lagSeconds);
    metrics.sinkDeadLetters.set({ sink }, dead);
  }
}
