import {
  type Delivery,
  Failure,
  type OpenSink,
  type Outcome,
  type Sink,
  type SinkContext,
} from '../../sdk/index.js';
import { digestOf, type MemoryPlace, openPlace, referenceSinkSubject } from '../reference/sink.js';
import type { PreparedSink, SinkSubject } from '../subject.js';
import type { Canary } from './canary.js';

type Change = (open: OpenSink, place: MemoryPlace, context: SinkContext) => Partial<OpenSink>;

function canary(rule: string, fault: string, subject: SinkSubject): Canary<SinkSubject> {
  return { rule: `sink/${rule}`, fault, subject };
}

/** A sink whose open form differs in some functions. */
function withOpen(rule: string, fault: string, change: Change): Canary<SinkSubject> {
  const subject = referenceSinkSubject((place, context) => {
    const open = openPlace(place, context);
    return { ...open, ...change(open, place, context) };
  });
  return canary(rule, fault, subject);
}

/** A sink that keeps each envelope by a function of its own, which may hold the event loop in between. */
function withKeep(
  rule: string,
  fault: string,
  keep: (place: MemoryPlace, delivery: Delivery) => Promise<Outcome>,
): Canary<SinkSubject> {
  return withOpen(rule, fault, (_, place) => ({
    async deliver(deliveries) {
      const outcomes: Outcome[] = [];
      for (const delivery of deliveries) outcomes.push(await keep(place, delivery));
      return outcomes;
    },
  }));
}

function withSinkChanged(
  rule: string,
  fault: string,
  change: (sink: Sink) => Partial<Sink>,
): Canary<SinkSubject> {
  const subject = referenceSinkSubject();
  return canary(rule, fault, { ...subject, sink: { ...subject.sink, ...change(subject.sink) } });
}

/** A sink whose subject lets only other doors be tried. */
function withDoors(
  rule: string,
  fault: string,
  sink: Partial<Sink>,
  change: (prepared: PreparedSink) => Partial<PreparedSink>,
): Canary<SinkSubject> {
  const subject = referenceSinkSubject();
  return canary(rule, fault, {
    sink: { ...subject.sink, ...sink },
    async prepare() {
      const prepared = await subject.prepare();
      return { ...prepared, ...change(prepared) };
    },
  });
}

function evidenced(locator: string, bytes: Uint8Array): Outcome {
  return { ok: true, evidence: { locator, sha256: digestOf(bytes), storedAt: new Date().toISOString() } };
}

const aTurn = () => new Promise((resume) => setImmediate(resume));
let counter = 0;

const failing = [
  withSinkChanged('broken-settings-refused', 'opens whatever it is told', (sink) => ({
    async open(settings, context) {
      try {
        return await sink.open(settings, context);
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        return openPlace(new Map(), context);
      }
    },
  })),
  withSinkChanged('broken-settings-refused', 'throws an error that is no Failure', (sink) => ({
    open: (settings, context) =>
      sink.open(settings, context).catch(() => Promise.reject(new Error('It does not work.'))),
  })),
  withSinkChanged('identifiers-well-formed', 'an id with a blank', () => ({ id: 'My Sink' })),
  withOpen('failures-hide-content', 'quotes what it could not keep', (open) => ({
    async deliver(deliveries, signal) {
      const outcomes = await open.deliver(deliveries, signal);
      return outcomes.map((outcome, index) => {
        const content = JSON.stringify(deliveries[index]?.envelope.content);
        return outcome.ok
          ? outcome
          : { ok: false, failure: new Failure('rejected', `Could not keep ${content}`) };
      });
    },
  })),
  withOpen('misshapen-is-one-failure', 'gives up the batch for one envelope', (open) => ({
    async deliver(deliveries, signal) {
      const misshapen = deliveries.find(({ envelope }) => envelope.skeleton.id.includes('/'));
      if (misshapen !== undefined) throw new Failure('rejected', 'An envelope has no proper id.');
      return open.deliver(deliveries, signal);
    },
  })),
];

const keeping = [
  withKeep(
    'bytes-read-back-equal',
    'keeps JSON of its own',
    async (place, { idempotencyKey, envelope, bytes }) => {
      place.set(idempotencyKey, new TextEncoder().encode(JSON.stringify(envelope, null, 2)));
      return evidenced(idempotencyKey, bytes);
    },
  ),
  withOpen('bytes-read-back-equal', 'gives outcomes in another order', (open) => ({
    deliver: async (deliveries, signal) => (await open.deliver(deliveries, signal)).reverse(),
  })),
  withKeep(
    'evidence-is-true',
    'gives the digest of something else',
    async (place, { idempotencyKey, bytes }) => {
      place.set(idempotencyKey, bytes);
      return evidenced(idempotencyKey, new TextEncoder().encode(idempotencyKey));
    },
  ),
  withKeep(
    'evidence-is-true',
    'gives a time that is no instant',
    async (place, { idempotencyKey, bytes }) => {
      place.set(idempotencyKey, bytes);
      const evidence = { locator: idempotencyKey, sha256: digestOf(bytes), storedAt: 'yesterday' };
      return { ok: true, evidence };
    },
  ),
  withKeep('same-key-is-one-object', 'names each attempt anew', async (place, { bytes }) => {
    counter += 1;
    place.set(`object-${counter}`, bytes);
    return evidenced(`object-${counter}`, bytes);
  }),
  withKeep(
    'same-key-sixteen-at-once',
    'looks, waits, then writes',
    async (place, { idempotencyKey, bytes }) => {
      const known = [...place.keys()].find((locator) => locator.startsWith(idempotencyKey));
      await aTurn();
      counter += 1;
      const locator = known ?? `${idempotencyKey}#${counter}`;
      place.set(locator, bytes);
      return evidenced(locator, bytes);
    },
  ),
  sharedVariable(),
  withKeep('never-overwrites', 'writes over what is there', async (place, { idempotencyKey, bytes }) => {
    place.set(idempotencyKey, bytes);
    return evidenced(idempotencyKey, bytes);
  }),
];

/** The classic fault: what belongs to one call is kept where all calls see it. */
function sharedVariable(): Canary<SinkSubject> {
  let current: Delivery | undefined;
  return withKeep('sixteen-at-once', 'mistakes one call for another', async (place, delivery) => {
    current = delivery;
    await aTurn();
    place.set(current.idempotencyKey, current.bytes);
    return evidenced(current.idempotencyKey, current.bytes);
  });
}

/** Gives evidence at once and writes a little later, unless it is stopped by then. */
const evidenceBeforeWriting: Change = (open, place) => {
  let stopped = false;
  return {
    async deliver(deliveries, signal) {
      if (stopped || signal.aborted) return open.deliver(deliveries, signal);
      setImmediate(() => {
        if (stopped || signal.aborted) return;
        for (const { idempotencyKey, bytes } of deliveries) place.set(idempotencyKey, bytes);
      });
      return deliveries.map(({ idempotencyKey, bytes }) => evidenced(idempotencyKey, bytes));
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      await open[Symbol.asyncDispose]();
    },
  };
};

const stopping = [
  withOpen('disposed-in-mid-delivery', 'gives evidence before it writes', evidenceBeforeWriting),
  withOpen('disposed-in-mid-delivery', 'forgets what was not done', (open) => ({
    deliver: async (deliveries, signal) =>
      (await open.deliver(deliveries, signal)).filter((outcome) => outcome.ok),
  })),
  withOpen('aborted-in-mid-delivery', 'gives evidence before it writes', evidenceBeforeWriting),
  withOpen('aborted-in-mid-delivery', 'rejects when it is aborted', (open) => ({
    async deliver(deliveries, signal) {
      const outcomes = await open.deliver(deliveries, signal);
      signal.throwIfAborted();
      return outcomes;
    },
  })),
  withOpen('disposal-waits', 'ends its disposal at once', (open) => ({
    deliver: (deliveries) => open.deliver(deliveries, new AbortController().signal),
    [Symbol.asyncDispose]: async () => undefined,
  })),
  withOpen('aborted-beforehand', 'does not look at the signal', (open) => ({
    deliver: (deliveries) => open.deliver(deliveries, new AbortController().signal),
  })),
  withOpen('order-kept-when-stopped', 'begins with the newest', (open) => ({
    deliver: async (deliveries, signal) => (await open.deliver(deliveries.toReversed(), signal)).reverse(),
  })),
];

const integrity = [
  withSinkChanged('inspection-is-claimed', 'has inspect and does not say so', (sink) => ({
    guarantees: { ...sink.guarantees, inspectable: false },
  })),
  withOpen('inspection-is-claimed', 'remembers only what it kept itself', () => {
    counter += 1;
    const isFirst = counter % 2 === 1;
    return { inspect: async () => (isFirst ? 'intact' : 'missing') };
  }),
  withOpen('tampering-detected', 'looks only whether something is there', (_, place) => ({
    inspect: async (evidence) => (place.has(evidence.locator) ? 'intact' : 'missing'),
  })),
  withDoors('tampering-detected', 'has a tamper that changes nothing', {}, () => ({
    tamper: async () => undefined,
  })),
  withOpen('removal-detected', 'calls everything altered that is not intact', (open) => ({
    inspect: async (evidence) => ((await open.inspect?.(evidence)) === 'intact' ? 'intact' : 'altered'),
  })),
  withDoors('removal-detected', 'has a remove that removes nothing', {}, () => ({
    remove: async () => undefined,
  })),
  withSinkChanged('immutability-tried', 'claims what its store does not hold', (sink) => ({
    guarantees: { ...sink.guarantees, immutable: true },
  })),
];

const withBytes = [
  withDoors('attachment-bytes-kept', 'has a door that shows other bytes', {}, () => ({
    readAttachment: async () => Buffer.from('something else'),
  })),
  withOpen('attachment-bytes-kept', 'keeps only the beginning of the bytes', (open, place) => ({
    async deliver(deliveries, signal) {
      const outcomes = await open.deliver(deliveries, signal);
      for (const { sha256 } of deliveries.flatMap(({ attachments = [] }) => attachments)) {
        const name = `attachment/${sha256}`;
        place.set(name, (place.get(name) ?? new Uint8Array()).subarray(0, 100));
      }
      return outcomes;
    },
  })),
  withOpen('wrong-attachment-bytes-refused', 'gives evidence and never reads the bytes', (open) => ({
    deliver: (deliveries, signal) =>
      open.deliver(
        deliveries.map(({ attachments: _, ...delivery }) => delivery),
        signal,
      ),
  })),
];

/** At least one for each rule that is put to sinks. */
export const sinkCanaries: readonly Canary<SinkSubject>[] = [
  ...failing,
  ...keeping,
  ...stopping,
  ...integrity,
  ...withBytes,
];
