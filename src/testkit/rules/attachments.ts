import type { DeliveryAttachment, Evidence } from '../../sdk/index.js';
import { Failure } from '../../sdk/index.js';
import { attachmentDelivery } from '../attachments.js';
import { must } from '../check.js';
import { deliver, deliverAll, withSink } from '../sink-case.js';
import type { PreparedSink, Rule, SinkSubject } from '../subject.js';

type SinkRule = Rule<SinkSubject>;

const content = (text: string) => Buffer.from(text.repeat(2_000));

const attachmentBytesKept: SinkRule = {
  id: 'sink/attachment-bytes-kept',
  title:
    'The bytes of an attachment are kept before its envelope is evidenced (where attachments is claimed).',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      if (sink.guarantees.attachments !== true) return;
      const first = attachmentDelivery(content('a picture '), { seed: 41 });
      // The same bytes again, with another message.
      const second = attachmentDelivery(content('a picture '), { seed: 42 });
      const empty = attachmentDelivery(Buffer.alloc(0), { seed: 43 });
      for (const delivery of [first, second, empty, first]) {
        const [evidence] = await deliverAll(open, [delivery]);
        const [attachment] = delivery.attachments ?? [];
        const expected = attachment?.byteLength === 0 ? Buffer.alloc(0) : content('a picture ');
        await mustBeKept(prepared, evidence as Evidence, attachment as DeliveryAttachment, expected);
      }
    }),
};

const wrongAttachmentBytesRefused: SinkRule = {
  id: 'sink/wrong-attachment-bytes-refused',
  title:
    'Bytes that break off, or are not those that the record names, are not evidenced; the right ones are, when they come.',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      if (sink.guarantees.attachments !== true) return;
      const right = content('the right bytes ');
      for (const [what, given] of Object.entries(wrong(right))) {
        const [outcome] = await deliver(open, [attachmentDelivery(right, { given, seed: 44 })]);
        must(outcome?.ok === false, `Evidence was given though the bytes ${what}.`);
      }
      const delivery = attachmentDelivery(right, { seed: 44 });
      const [evidence] = await deliverAll(open, [delivery]);
      const [attachment] = delivery.attachments ?? [];
      await mustBeKept(prepared, evidence as Evidence, attachment as DeliveryAttachment, right);
    }),
};

function wrong(right: Uint8Array): Record<string, () => AsyncIterable<Uint8Array>> {
  return {
    async *'broke off with a failure'() {
      yield right.subarray(0, 1_000);
      throw new Failure('unavailable', 'The disk is away.');
    },
    async *'ended early'() {
      yield right.subarray(0, 1_000);
    },
    async *'were others'() {
      yield Buffer.alloc(right.length, 1);
    },
    async *'went on'() {
      yield right;
      yield Buffer.from('and on');
    },
  };
}

async function mustBeKept(
  { readAttachment }: PreparedSink,
  evidence: Evidence,
  attachment: DeliveryAttachment,
  expected: Uint8Array,
): Promise<void> {
  if (readAttachment === undefined) {
    must(false, 'The subject has no readAttachment, so that nobody can see what is kept.');
    return;
  }
  const kept = await readAttachment(evidence, attachment);
  must(Buffer.compare(kept, expected) === 0, 'Other bytes of the attachment are kept than were delivered.');
}

/** The bytes that records bring. */
export const attachmentRules: readonly SinkRule[] = [attachmentBytesKept, wrongAttachmentBytesRefused];
