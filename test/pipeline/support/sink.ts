import { sha256Hex } from '../../../src/core/digest.js';
import {
  type Delivery,
  defineSink,
  Failure,
  type FailureKind,
  type Outcome,
  type Sink,
  z,
} from '../../../src/sdk/index.js';

/** What the sink does with one delivery; undefined: keeps it. */
export type Script = (
  delivery: Delivery,
  tries: number,
) => Failure | undefined | Promise<undefined | Failure>;

/** Everything that a scripted sink was asked and took. */
export class Kept {
  /** Bytes by idempotency key. */
  readonly objects = new Map<string, Uint8Array>();
  /** In the order in which they were kept. */
  readonly deliveries: Delivery[] = [];
  readonly tries = new Map<string, number>();
  /** Calls of `deliver`. */
  calls = 0;
  /** Calls under way, and the most that there were at once. */
  underWay = 0;
  underWayMax = 0;
  disposed = 0;
  /** The same key was kept twice with other bytes. */
  altered = 0;
}

export interface ScriptedSink {
  /** May be replaced before it is used. */
  sink: Sink;
  readonly kept: Kept;
  /** May be replaced while it runs. */
  script: Script;
}

/** A sink that behaves by its script and keeps the contract: after an item that was not kept, none behind it is. */
export function scriptedSink(script: Script = () => undefined, id = 'scripted-sink'): ScriptedSink {
  const kept = new Kept();
  const scripted: ScriptedSink = {
    kept,
    script,
    sink: defineSink({
      id,
      title: 'Scripted',
      settings: z.strictObject({}),
      guarantees: { immutable: false, dedupes: true, inspectable: false },
      open: async () => ({
        async deliver(deliveries, signal) {
          kept.calls += 1;
          kept.underWay += 1;
          kept.underWayMax = Math.max(kept.underWayMax, kept.underWay);
          try {
            return await deliverAll(scripted, deliveries, signal);
          } finally {
            kept.underWay -= 1;
          }
        },
        async [Symbol.asyncDispose]() {
          kept.disposed += 1;
        },
      }),
    }) as unknown as Sink,
  };
  return scripted;
}

async function deliverAll(
  { kept, script }: ScriptedSink,
  deliveries: readonly Delivery[],
  signal: AbortSignal,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let stopped: Failure | undefined;
  for (const delivery of deliveries) {
    const { idempotencyKey: key, bytes } = delivery;
    if (signal.aborted) stopped ??= new Failure('unavailable', 'Aborted.');
    if (stopped !== undefined) {
      outcomes.push({ ok: false, failure: stopped });
      continue;
    }
    const tries = (kept.tries.get(key) ?? 0) + 1;
    kept.tries.set(key, tries);
    const failure = await script(delivery, tries);
    if (failure !== undefined) {
      outcomes.push({ ok: false, failure });
      if (failure.kind !== 'rejected') stopped = failure;
      continue;
    }
    keep(kept, delivery);
    const storedAt = new Date().toISOString();
    outcomes.push({ ok: true, evidence: { locator: key, sha256: sha256Hex(bytes), storedAt } });
  }
  return outcomes;
}

function keep(kept: Kept, delivery: Delivery): void {
  const earlier = kept.objects.get(delivery.idempotencyKey);
  if (earlier === undefined) kept.deliveries.push(delivery);
  else if (!Buffer.from(earlier).equals(delivery.bytes)) kept.altered += 1;
  kept.objects.set(delivery.idempotencyKey, delivery.bytes);
}

export function failing(kind: FailureKind, retryAfterMs?: number): Failure {
  return new Failure(kind, `It is ${kind}.`, retryAfterMs === undefined ? {} : { retryAfterMs });
}
