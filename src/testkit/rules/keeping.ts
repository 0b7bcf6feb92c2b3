import { createHash } from 'node:crypto';
import { type Delivery, type Evidence, instantSchema } from '../../sdk/index.js';
import { must, mustEqual } from '../check.js';
import { deliveryOf, sampleDeliveries } from '../envelopes.js';
import { deliver, deliverAll, mustReadBack, withSink } from '../sink-case.js';
import type { Rule, SinkSubject } from '../subject.js';

type SinkRule = Rule<SinkSubject>;

const bytesReadBackEqual: SinkRule = {
  id: 'sink/bytes-read-back-equal',
  title:
    'What was delivered is kept byte for byte, for every kind of record, and outcomes come in the order given.',
  run: (subject) =>
    withSink(subject, async ({ open, prepared }) => {
      const deliveries = sampleDeliveries({ count: 28, conversations: 3, seed: 11 });
      const evidence = await deliverAll(open, deliveries);
      for (const [index, delivery] of deliveries.entries()) {
        await mustReadBack(prepared, evidence[index] as Evidence, delivery, `Delivery ${index + 1}`);
      }
      mustEqual(await prepared.count(), deliveries.length, 'The number of objects kept');
    }),
};

const evidenceIsTrue: SinkRule = {
  id: 'sink/evidence-is-true',
  title: 'Evidence holds a locator, the SHA-256 of the bytes, and times that are well formed and possible.',
  run: (subject) =>
    withSink(subject, async ({ open }) => {
      const before = Date.now();
      const deliveries = sampleDeliveries({ count: 7, seed: 12 });
      const evidence = await deliverAll(open, deliveries);
      for (const [index, delivery] of deliveries.entries()) {
        const { locator, sha256, storedAt, retainedUntil } = evidence[index] as Evidence;
        must(locator !== '', 'A locator is empty.');
        mustEqual(
          sha256,
          createHash('sha256').update(delivery.bytes).digest('hex'),
          'The digest of the evidence',
        );
        must(
          instantSchema.safeParse(storedAt).success,
          `storedAt "${storedAt}" is no UTC instant in milliseconds.`,
        );
        must(
          Date.parse(storedAt) >= before - 1 && Date.parse(storedAt) <= Date.now() + 1,
          `storedAt "${storedAt}" lies outside the time of the delivery.`,
        );
        if (retainedUntil === undefined) continue;
        must(
          instantSchema.safeParse(retainedUntil).success,
          `retainedUntil "${retainedUntil}" is no UTC instant.`,
        );
        must(Date.parse(retainedUntil) > Date.parse(storedAt), 'retainedUntil lies before storedAt.');
      }
      const locators = new Set(evidence.map((one) => one.locator));
      must(locators.size === evidence.length, 'Two records have the same locator.');
    }),
};

const sameKeyIsOneObject: SinkRule = {
  id: 'sink/same-key-is-one-object',
  title:
    'The same delivery again, also after a restart, leaves one object and is evidenced (where dedupes is claimed).',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared, reopen }) => {
      if (!sink.guarantees.dedupes) return;
      const deliveries = sampleDeliveries({ count: 3, seed: 13 });
      const first = await deliverAll(open, deliveries);
      await deliverAll(open, deliveries);
      const third = await deliverAll(await reopen(), deliveries);
      mustEqual(
        await prepared.count(),
        deliveries.length,
        'The number of objects after three deliveries of each',
      );
      mustEqual(
        third.map(({ locator, sha256 }) => ({ locator, sha256 })),
        first.map(({ locator, sha256 }) => ({ locator, sha256 })),
        'The evidence of the third delivery',
      );
    }),
};

const sameKeySixteenAtOnce: SinkRule = {
  id: 'sink/same-key-sixteen-at-once',
  title: 'The same delivery by sixteen calls at once leaves one object, and every call gets evidence.',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      if (!sink.guarantees.dedupes) return;
      const deliveries = sampleDeliveries({ count: 1, seed: 14 });
      const all = await Promise.all(Array.from({ length: 16 }, () => deliverAll(open, deliveries)));
      mustEqual(await prepared.count(), 1, 'The number of objects after sixteen deliveries of one');
      for (const [evidence] of all) {
        await mustReadBack(prepared, evidence as Evidence, deliveries[0] as Delivery, 'One of sixteen');
      }
    }),
};

const sixteenAtOnce: SinkRule = {
  id: 'sink/sixteen-at-once',
  title: 'Sixteen calls at once with different envelopes are all kept, none mistaken for another.',
  run: (subject) =>
    withSink(subject, async ({ open, prepared }) => {
      const deliveries = sampleDeliveries({ count: 64, conversations: 5, seed: 15 });
      const calls = Array.from({ length: 16 }, (_, call) =>
        deliveries.filter((_, index) => index % 16 === call),
      );
      const evidence = await Promise.all(calls.map((call) => deliverAll(open, call)));
      for (const [call, batch] of calls.entries()) {
        for (const [index, delivery] of batch.entries()) {
          await mustReadBack(prepared, evidence[call]?.[index] as Evidence, delivery, `Call ${call + 1}`);
        }
      }
      mustEqual(await prepared.count(), deliveries.length, 'The number of objects kept');
    }),
};

/** A fault somewhere before the sink must not be able to replace what is already evidenced. */
const neverOverwrites: SinkRule = {
  id: 'sink/never-overwrites',
  title: 'Other bytes under a key that was delivered do not replace what is kept (where dedupes is claimed).',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      if (!sink.guarantees.dedupes) return;
      const [delivery] = sampleDeliveries({ seed: 16 }) as [Delivery];
      const [evidence] = (await deliverAll(open, [delivery])) as [Evidence];
      const { envelope } = delivery;
      const other = deliveryOf({ ...envelope, content: { ...envelope.content, channel: 'mms' } as never });
      const [outcome] = await deliver(open, [other]);
      await mustReadBack(prepared, evidence, delivery, 'After other bytes came under the same key');
      if (outcome?.ok === true) {
        await mustReadBack(prepared, outcome.evidence, other, 'The other bytes, which were evidenced too');
      }
    }),
};

/** What is kept, and how often. */
export const keepingRules: readonly SinkRule[] = [
  bytesReadBackEqual,
  evidenceIsTrue,
  sameKeyIsOneObject,
  sameKeySixteenAtOnce,
  sixteenAtOnce,
  neverOverwrites,
];
