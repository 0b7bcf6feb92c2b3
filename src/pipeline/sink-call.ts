import { failPoint } from '../core/failpoint.js';
import { type Delivery, Failure, type Outcome } from '../sdk/index.js';
import { type Log, pluginFault } from '../telemetry/log.js';
import type { SinkHandle } from './open-sinks.js';
import { asFailure } from './outcomes.js';

export interface SinkCall {
  readonly sink: SinkHandle;
  readonly deliveries: readonly Delivery[];
  readonly signal: AbortSignal;
  /** How long after its signal a sink may still answer; one that hangs must not hold its lane for ever. */
  readonly abandonMs: number;
  readonly log: Log;
}

/** Hands deliveries to a sink. Total: whatever the plugin does, an answer comes back. */
export async function callSink(call: SinkCall): Promise<readonly Outcome[]> {
  const abandoned = whenAbandoned(call);
  const within = <Value>(work: Promise<Value>) => Promise.race([work, abandoned.promise]);
  try {
    const open = await within(call.sink.get()).catch((error: unknown) => {
      throw notOpened(error);
    });
    failPoint('dispatcher:before-deliver');
    const outcomes: unknown = await within(open.deliver(call.deliveries, call.signal));
    return Array.isArray(outcomes) ? (outcomes as Outcome[]) : [];
  } catch (error) {
    return [{ ok: false, failure: failureOf(error, call) }];
  } finally {
    abandoned.forget();
  }
}

/** Nothing was handed over yet, so a sink that cannot be opened uses up no attempt, however it says so. */
function notOpened(error: unknown): Failure {
  const failure = asFailure(error);
  if (failure !== undefined && failure.kind !== 'indeterminate') return failure;
  return new Failure('unavailable', 'The sink could not be opened.', { cause: error });
}

function failureOf(error: unknown, { sink, log }: SinkCall): Failure {
  const failure = asFailure(error);
  if (failure !== undefined) return failure;
  log.error({ fault: pluginFault(error), sink: sink.configured.id }, 'A sink threw; that is a fault in it.');
  return new Failure('indeterminate', 'The sink failed unexpectedly.', { cause: error });
}

function whenAbandoned({ signal, abandonMs }: SinkCall): { promise: Promise<never>; forget: () => void } {
  let timer: NodeJS.Timeout | undefined;
  let abandon: () => void = () => undefined;
  const promise = new Promise<never>((_, reject) => {
    abandon = () => {
      timer = setTimeout(
        () => reject(new Failure('indeterminate', 'The sink did not answer in time.')),
        abandonMs,
      );
    };
  });
  if (signal.aborted) abandon();
  else signal.addEventListener('abort', abandon, { once: true });
  return {
    promise,
    forget: () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abandon);
    },
  };
}
