import type { Delivery, Evidence, OpenSink } from '../../sdk/index.js';
import { must, mustEqual, mustResolve } from '../check.js';
import { sampleDeliveries } from '../envelopes.js';
import { deliverAll, mustReadBack, type SinkCase, withSink } from '../sink-case.js';
import type { Rule, SinkSubject } from '../subject.js';

type SinkRule = Rule<SinkSubject>;

async function inspect(open: OpenSink, evidence: Evidence): Promise<unknown> {
  must(open.inspect !== undefined, 'The sink claims to be inspectable and has no inspect.');
  return mustResolve(open.inspect(evidence), 'inspect');
}

/** Keeps three envelopes and lets `act` do something to the second. */
function afterKeepingThree(
  subject: SinkSubject,
  act: (opened: SinkCase, evidence: Evidence, others: readonly Evidence[]) => Promise<void>,
): Promise<void> {
  return withSink(subject, async (opened) => {
    const [first, second, third] = (await deliverAll(
      opened.open,
      sampleDeliveries({ count: 3, seed: 31 }),
    )) as [Evidence, Evidence, Evidence];
    await act(opened, second, [first, third]);
  });
}

/** Whether an attempt by the subject to change or remove something was let through by the store. */
async function letThrough(attempt: Promise<void>): Promise<boolean> {
  try {
    await attempt;
    return true;
  } catch (error) {
    return !(error instanceof Error);
  }
}

const inspectionIsClaimed: SinkRule = {
  id: 'sink/inspection-is-claimed',
  title:
    'inspectable is claimed exactly where inspect exists, and what is untouched is intact, also after a restart.',
  run: (subject) =>
    afterKeepingThree(subject, async ({ sink, open, reopen }, evidence) => {
      const { inspectable } = sink.guarantees;
      mustEqual(open.inspect !== undefined, inspectable, 'Whether inspect exists');
      if (!inspectable) return;
      mustEqual(await inspect(open, evidence), 'intact', 'Inspection of what is untouched');
      mustEqual(await inspect(await reopen(), evidence), 'intact', 'Inspection after a restart');
    }),
};

const tamperingDetected: SinkRule = {
  id: 'sink/tampering-detected',
  title:
    'What was changed in the store is found altered, and nothing else is (where inspectable is claimed).',
  run: (subject) =>
    afterKeepingThree(subject, async ({ sink, open, prepared }, evidence, others) => {
      if (!sink.guarantees.inspectable) return;
      must(prepared.tamper !== undefined, 'The subject has no tamper, so that the claim cannot be tried.');
      if (!(await letThrough(prepared.tamper(evidence)))) return;
      const wasChanged = Buffer.compare(
        await prepared.read(evidence),
        (sampleDeliveries({ count: 3, seed: 31 })[1] as Delivery).bytes,
      );
      must(wasChanged !== 0 || sink.guarantees.immutable, "The subject's tamper changes nothing.");
      const expected = wasChanged === 0 ? 'intact' : 'altered';
      mustEqual(await inspect(open, evidence), expected, 'Inspection of what was tampered with');
      for (const other of others)
        mustEqual(await inspect(open, other), 'intact', 'Inspection of its neighbour');
    }),
};

const removalDetected: SinkRule = {
  id: 'sink/removal-detected',
  title:
    'What was removed from the store is found missing, and nothing else is (where inspectable is claimed).',
  run: (subject) =>
    afterKeepingThree(subject, async ({ sink, open, prepared }, evidence, others) => {
      if (!sink.guarantees.inspectable) return;
      must(prepared.remove !== undefined, 'The subject has no remove, so that the claim cannot be tried.');
      if (!(await letThrough(prepared.remove(evidence)))) return;
      const isThere = await letThrough(prepared.read(evidence).then(() => undefined));
      must(!isThere || sink.guarantees.immutable, "The subject's remove removes nothing.");
      const expected = isThere ? 'intact' : 'missing';
      mustEqual(await inspect(open, evidence), expected, 'Inspection of what was removed');
      for (const other of others)
        mustEqual(await inspect(open, other), 'intact', 'Inspection of its neighbour');
    }),
};

const immutabilityTried: SinkRule = {
  id: 'sink/immutability-tried',
  title: 'Where the sink claims immutability, the store itself withstands change and removal.',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      if (!sink.guarantees.immutable) return;
      must(
        prepared.tamper !== undefined && prepared.remove !== undefined,
        'Immutability is claimed, and the subject has no tamper and remove to try it with.',
      );
      const deliveries = sampleDeliveries({ count: 2, seed: 32 }) as [Delivery, Delivery];
      const [changed, removed] = (await deliverAll(open, deliveries)) as [Evidence, Evidence];
      await letThrough(prepared.tamper(changed));
      await mustReadBack(prepared, changed, deliveries[0], 'After an attempt to change it');
      await letThrough(prepared.remove(removed));
      await mustReadBack(prepared, removed, deliveries[1], 'After an attempt to remove it');
    }),
};

/** What shows, or withstands, a change behind the sink's back. */
export const integrityRules: readonly SinkRule[] = [
  inspectionIsClaimed,
  tamperingDetected,
  removalDetected,
  immutabilityTried,
];
