import { createHash } from 'node:crypto';
import {
  type Delivery,
  defineSink,
  type Evidence,
  Failure,
  type OpenSink,
  type Outcome,
  type SinkContext,
  z,
} from '../../sdk/index.js';
import type { PreparedSink, SinkSubject } from '../subject.js';

/**
 * A sink that keeps envelopes in memory, behaving as one that keeps them elsewhere must. The canaries are made
 * from it, and the pipeline's own tests may use it.
 */

/** One place that outlives an open sink, as a bucket outlives its client. */
export type MemoryPlace = Map<string, Uint8Array>;

const settingsSchema = z.strictObject({ place: z.string().min(1) });

/** Makes the sink and the places that its settings may name. A canary gives another `openAt`. */
export function referenceSink(openAt = openPlace) {
  const places = new Map<string, MemoryPlace>();
  const sink = defineSink({
    id: 'reference',
    title: 'Memory',
    settings: settingsSchema,
    guarantees: { immutable: false, dedupes: true, inspectable: true, attachments: true },
    async open(settings, context) {
      const place = places.get(settings.place);
      if (place === undefined) throw new Failure('config', 'There is no such place; prepare it first.');
      return openAt(place, context);
    },
  });
  return { sink, places };
}

/** The open sink over a place; exported so that a canary can change one of its functions. */
export function openPlace(place: MemoryPlace, context: SinkContext): OpenSink {
  let disposed = false;
  const running = new Set<Promise<unknown>>();

  async function deliverAll(deliveries: readonly Delivery[], signal: AbortSignal): Promise<Outcome[]> {
    const outcomes: Outcome[] = [];
    for (const delivery of deliveries) {
      await new Promise((resume) => setImmediate(resume));
      const failure = await keepAttachments(place, delivery);
      if (failure !== undefined) outcomes.push({ ok: false, failure });
      else outcomes.push(disposed || signal.aborted ? stopped() : keep(place, delivery, context));
    }
    return outcomes;
  }

  return {
    deliver(deliveries, signal) {
      const delivering = deliverAll(deliveries, signal);
      running.add(delivering);
      return delivering.finally(() => running.delete(delivering));
    },
    async inspect(evidence) {
      const bytes = place.get(evidence.locator);
      if (bytes === undefined) return 'missing';
      return digestOf(bytes) === evidence.sha256 ? 'intact' : 'altered';
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      await Promise.allSettled(running);
    },
  };
}

/** Undefined on success: then every one of them is kept under its digest. */
async function keepAttachments(
  place: MemoryPlace,
  { attachments = [] }: Delivery,
): Promise<Failure | undefined> {
  for (const { open, byteLength, sha256 } of attachments) {
    try {
      const bytes = new Uint8Array(await new Response(await open()).arrayBuffer());
      if (bytes.length !== byteLength || digestOf(bytes) !== sha256) {
        return new Failure('rejected', 'The bytes are not those that the record names.');
      }
      place.set(`attachment/${sha256}`, bytes);
    } catch (error) {
      return error instanceof Failure ? error : new Failure('unavailable', 'The bytes broke off.');
    }
  }
  return undefined;
}

function keep(place: MemoryPlace, { idempotencyKey, bytes }: Delivery, { now }: SinkContext): Outcome {
  // A locator is kept for long and shown; a key could hold anything.
  const locator = digestOf(new TextEncoder().encode(idempotencyKey));
  const kept = place.get(locator);
  if (kept !== undefined && Buffer.compare(kept, bytes) !== 0) {
    return { ok: false, failure: new Failure('rejected', 'Other bytes are kept under this key.') };
  }
  place.set(locator, Uint8Array.from(bytes));
  return { ok: true, evidence: { locator, sha256: digestOf(bytes), storedAt: now().toISOString() } };
}

function stopped(): Outcome {
  return { ok: false, failure: new Failure('unavailable', 'The sink was stopped before this was kept.') };
}

/** SHA-256 as lower-case hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The reference sink with places prepared in memory: it keeps every rule. */
export function referenceSinkSubject(openAt = openPlace): SinkSubject {
  const { sink, places } = referenceSink(openAt);
  let prepared = 0;
  return {
    sink,
    async prepare() {
      prepared += 1;
      const name = `place-${prepared}`;
      const place: MemoryPlace = new Map();
      places.set(name, place);
      return { ...doorsOf(place), settings: { place: name }, unusable: [{ place: 'nowhere' }] };
    },
  };
}

function doorsOf(place: MemoryPlace): Omit<PreparedSink, 'settings' | 'unusable'> {
  const kept = ({ locator }: Evidence) => {
    const bytes = place.get(locator);
    if (bytes === undefined) throw new Error(`Nothing is kept at ${locator}.`);
    return bytes;
  };
  return {
    read: async (evidence) => kept(evidence),
    async readAttachment(_, { sha256 }) {
      const bytes = place.get(`attachment/${sha256}`);
      if (bytes === undefined) throw new Error(`Nothing is kept of ${sha256}.`);
      return bytes;
    },
    count: async () => place.size,
    async tamper(evidence) {
      place.set(evidence.locator, Uint8Array.from([...kept(evidence), 0x20]));
    },
    async remove(evidence) {
      place.delete(evidence.locator);
    },
    async [Symbol.asyncDispose]() {
      place.clear();
    },
  };
}
