import { Counter, Gauge, type Registry } from 'prom-client';

/** What is told of sinks, by their ids. */
export function createSinkMetrics(registers: Registry[]) {
  return {
    deliveries: new Counter({
      name: 'archway_deliveries_total',
      help: 'Tries to deliver, by sink and outcome: delivered, or the kind of failure.',
      labelNames: ['sink', 'outcome'] as const,
      registers,
    }),
    deadLetters: new Counter({
      name: 'archway_dead_letters_total',
      help: 'Deliveries that ended without success, by sink.',
      labelNames: ['sink'] as const,
      registers,
    }),
    sinkStates: new Gauge({
      name: 'archway_sink_state',
      help: '1 for the state that a sink is in: open, down, paused (by an operator). Every node shows all sinks.',
      labelNames: ['sink', 'state'] as const,
      registers,
    }),
    sinkWaiting: new Gauge({
      name: 'archway_sink_waiting',
      help: 'Deliveries that are still to be made, by sink.',
      labelNames: ['sink'] as const,
      registers,
    }),
    sinkLagSeconds: new Gauge({
      name: 'archway_sink_lag_seconds',
      help: 'Age of the oldest record that waits, by sink; 0 when none does.',
      labelNames: ['sink'] as const,
      registers,
    }),
    sinkDeadLetters: new Gauge({
      name: 'archway_sink_dead_letters',
      help: 'Dead letters that nobody has replayed, by sink.',
      labelNames: ['sink'] as const,
      registers,
    }),
    openAlerts: new Gauge({
      name: 'archway_alerts_open',
      help: 'Open alerts, by reason. Every node shows those of all.',
      labelNames: ['reason'] as const,
      registers,
    }),
  };
}
