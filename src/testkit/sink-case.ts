import type { Delivery, Evidence, Failure, OpenSink, Outcome, Sink, SinkContext } from '../sdk/index.js';
import { isFailure, must, mustEqual, mustResolve } from './check.js';
import type { PreparedSink, SinkSubject } from './subject.js';

/** A sink at an empty place, open. */
export interface SinkCase {
  readonly sink: Sink;
  readonly prepared: PreparedSink;
  readonly open: OpenSink;
  /** Opens the same place once more, as after a restart. */
  reopen(): Promise<OpenSink>;
}

const context: SinkContext = { now: () => new Date() };

/** Opens a subject's sink at an empty place, lets `use` look at it, and clears everything away. */
export async function withSink(
  subject: SinkSubject,
  use: (opened: SinkCase) => Promise<void>,
): Promise<void> {
  const prepared = await subject.prepare();
  const opened: OpenSink[] = [];
  const reopen = async () => {
    const open = await mustResolve(openSink(subject.sink, prepared.settings), 'open');
    opened.push(open);
    return open;
  };
  try {
    await use({ sink: subject.sink, prepared, open: await reopen(), reopen });
  } finally {
    for (const open of opened) await open[Symbol.asyncDispose]();
    await prepared[Symbol.asyncDispose]();
  }
}

/** Opens a sink with settings as an operator would give them; rejects with the schema's error or the sink's own. */
export async function openSink(sink: Sink, settings: Readonly<Record<string, unknown>>): Promise<OpenSink> {
  return sink.open(sink.settings.parse(settings), context);
}

/** Delivers, and holds the sink to giving one well-formed outcome per delivery. */
export async function deliver(
  open: OpenSink,
  deliveries: readonly Delivery[],
  signal: AbortSignal = new AbortController().signal,
): Promise<Outcome[]> {
  const outcomes = await mustResolve(open.deliver(deliveries, signal), 'deliver');
  must(
    Array.isArray(outcomes) && outcomes.length === deliveries.length,
    `deliver gave ${outcomes?.length} outcomes for ${deliveries.length} deliveries.`,
  );
  for (const outcome of outcomes) {
    if (!outcome?.ok) must(isFailure(outcome?.failure), 'An outcome has neither evidence nor a Failure.');
  }
  return outcomes;
}

/** Delivers, and breaks the rule unless all of it was kept. */
export async function deliverAll(open: OpenSink, deliveries: readonly Delivery[]): Promise<Evidence[]> {
  const outcomes = await deliver(open, deliveries);
  return outcomes.map((outcome, index) => {
    must(
      outcome.ok,
      `Delivery ${index + 1} of ${deliveries.length} failed: ${outcome.ok || outcome.failure.message}`,
    );
    return outcome.evidence;
  });
}

/** Breaks the rule unless the outside door gives back exactly the bytes of a delivery. */
export async function mustReadBack(
  prepared: PreparedSink,
  evidence: Evidence,
  delivery: Delivery,
  what: string,
) {
  const bytes = await mustResolve(prepared.read(evidence), `${what}: reading it back`);
  mustEqual(
    Buffer.from(bytes).toString('utf8'),
    Buffer.from(delivery.bytes).toString('utf8'),
    `${what}: what is kept`,
  );
  must(Buffer.compare(bytes, delivery.bytes) === 0, `${what}: other bytes are kept than were delivered.`);
}

/** What an open or a delivery failed with. Anything that is no `Failure` breaks the rule. */
export async function failureOf(promise: Promise<unknown>, what: string): Promise<Failure | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    must(isFailure(error), `${what} threw something that is no Failure: ${String(error)}`);
    return error;
  }
}

/** Lets `count` turns of the event loop pass, so that a stop falls somewhere inside a delivery. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resume) => setImmediate(resume));
}
