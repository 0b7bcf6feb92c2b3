import type { Delivery, OpenSink, Outcome } from '../../sdk/index.js';
import { must, mustEqual, mustResolve } from '../check.js';
import { sampleDeliveries } from '../envelopes.js';
import { deliver, deliverAll, mustReadBack, type SinkCase, turns, withSink } from '../sink-case.js';
import type { Rule, SinkSubject } from '../subject.js';

type SinkRule = Rule<SinkSubject>;

/** After how many turns of the event loop the stop comes: before the first write, in the midst, near the end. */
const moments = [0, 1, 2, 4, 8, 16, 32, 64, 128];

type Stop = (open: OpenSink, abort: AbortController) => Promise<void>;

const stops: Readonly<Record<string, Stop>> = {
  disposed: async (open) => {
    await open[Symbol.asyncDispose]();
  },
  aborted: async (_, abort) => abort.abort(),
};

/** Starts a delivery, stops it after some turns, and gives the outcomes. */
async function stopInMidst(open: OpenSink, deliveries: readonly Delivery[], stop: Stop, moment: number) {
  const abort = new AbortController();
  const delivering = deliver(open, deliveries, abort.signal);
  // Looked at below; until then a broken rule must not count as unhandled.
  delivering.catch(() => undefined);
  await turns(moment);
  await mustResolve(stop(open, abort), 'Stopping');
  return delivering;
}

/** What was evidenced is there; what was not can be delivered again, and then everything is there once. */
async function mustBeWhole(
  { sink, prepared, reopen }: SinkCase,
  deliveries: readonly Delivery[],
  outcomes: Outcome[],
) {
  for (const [index, outcome] of outcomes.entries()) {
    if (!outcome.ok) continue;
    await mustReadBack(
      prepared,
      outcome.evidence,
      deliveries[index] as Delivery,
      'Evidenced before the stop',
    );
  }
  const open = await reopen();
  await deliverAll(open, deliveries);
  if (sink.guarantees.dedupes) {
    mustEqual(
      await prepared.count(),
      deliveries.length,
      'The number of objects after a stop and a second delivery',
    );
  }
}

function stoppedRule(how: 'disposed' | 'aborted', title: string): SinkRule {
  return {
    id: `sink/${how}-in-mid-delivery`,
    title,
    async run(subject) {
      for (const moment of moments) {
        await withSink(subject, async (opened) => {
          const deliveries = sampleDeliveries({ count: 40, conversations: 4, seed: 20 + moment });
          const outcomes = await stopInMidst(opened.open, deliveries, stops[how] as Stop, moment);
          await mustBeWhole(opened, deliveries, outcomes);
        });
      }
    },
  };
}

const disposedInMidDelivery = stoppedRule(
  'disposed',
  'Disposed in mid-delivery, every item has evidence (and is there) or a Failure, and a retry completes the rest.',
);

const abortedInMidDelivery = stoppedRule(
  'aborted',
  'Aborted in mid-delivery, every item has evidence (and is there) or a Failure, and a retry completes the rest.',
);

const disposalWaits: SinkRule = {
  id: 'sink/disposal-waits',
  title: 'Once disposal has ended, nothing more is written, and a delivery that comes later gets a Failure.',
  run: (subject) =>
    withSink(subject, async ({ open, prepared }) => {
      const deliveries = sampleDeliveries({ count: 64, conversations: 8, seed: 21 });
      const delivering = deliver(open, deliveries);
      delivering.catch(() => undefined);
      await turns(2);
      await mustResolve(Promise.resolve(open[Symbol.asyncDispose]()), 'Disposing');
      const kept = await prepared.count();
      await delivering;
      await new Promise((resume) => setTimeout(resume, 50));
      mustEqual(await prepared.count(), kept, 'The number of objects some time after disposal ended');
      const late = await deliver(open, sampleDeliveries({ count: 2, seed: 22 }));
      must(
        late.every((outcome) => !outcome.ok),
        'A delivery that came after disposal was evidenced.',
      );
    }),
};

const abortedBeforehand: SinkRule = {
  id: 'sink/aborted-beforehand',
  title: 'With a signal that is aborted already, nothing is kept and every item gets a Failure.',
  run: (subject) =>
    withSink(subject, async ({ open, prepared }) => {
      const outcomes = await deliver(open, sampleDeliveries({ count: 5, seed: 23 }), AbortSignal.abort());
      must(
        outcomes.every((outcome) => !outcome.ok),
        'A delivery was evidenced although its signal was aborted before.',
      );
      mustEqual(await prepared.count(), 0, 'The number of objects kept');
    }),
};

/** What failed is delivered again later, and must not then come after something newer of its conversation. */
const orderKeptWhenStopped: SinkRule = {
  id: 'sink/order-kept-when-stopped',
  title: 'Of one conversation, nothing is evidenced after an item of the same batch that was not.',
  async run(subject) {
    for (const [how, stop] of Object.entries(stops)) {
      for (const moment of moments) {
        await withSink(subject, async ({ open, prepared }) => {
          const deliveries = sampleDeliveries({ count: 64, conversations: 1, seed: 24 });
          const outcomes = await stopInMidst(open, deliveries, stop, moment);
          const kept = outcomes.filter((outcome) => outcome.ok).length;
          const firstFailed = outcomes.findIndex((outcome) => !outcome.ok);
          must(
            firstFailed === -1 || kept === firstFailed,
            `${how}: item ${firstFailed + 1} was not kept, and a later one of the same conversation was.`,
          );
          for (const [index, outcome] of outcomes.entries()) {
            if (!outcome.ok) continue;
            await mustReadBack(prepared, outcome.evidence, deliveries[index] as Delivery, 'Evidenced');
          }
        });
      }
    }
  },
};

/** What holds when a delivery is cut short. */
export const stoppingRules: readonly SinkRule[] = [
  disposedInMidDelivery,
  abortedInMidDelivery,
  disposalWaits,
  abortedBeforehand,
  orderKeptWhenStopped,
];
