import { isIdentifier } from '../../core/identifier.js';
import { type Delivery, secretNames } from '../../sdk/index.js';
import { isFailure, must, mustEqual } from '../check.js';
import { deliveryOf, sampleAddresses, sampleDeliveries, sampleText } from '../envelopes.js';
import { namesSecret } from '../names.js';
import { secretIn, textOf } from '../secrets.js';
import { deliver, failureOf, openSink, withSink } from '../sink-case.js';
import type { PreparedSink, Rule, SinkSubject } from '../subject.js';

type SinkRule = Rule<SinkSubject>;

async function withPlace(
  subject: SinkSubject,
  use: (prepared: PreparedSink) => Promise<void>,
): Promise<void> {
  const prepared = await subject.prepare();
  try {
    await use(prepared);
  } finally {
    await prepared[Symbol.asyncDispose]();
  }
}

const brokenSettingsRefused: SinkRule = {
  id: 'sink/broken-settings-refused',
  title:
    'Settings that are incomplete are refused by the schema; those that cannot work by a Failure of kind config.',
  run: (subject) =>
    withPlace(subject, async ({ settings, unusable }) => {
      const { sink } = subject;
      for (const name of Object.keys(sink.settings.shape)) {
        const { [name]: _, ...others } = settings;
        if (!(name in settings) || sink.settings.shape[name]?.safeParse(undefined).success) continue;
        must(!sink.settings.safeParse(others).success, `The schema takes settings without ${name}.`);
      }
      must(
        !sink.settings.safeParse({ ...settings, unknownSetting: 1 }).success,
        'The schema takes unknown settings.',
      );
      must(
        unusable.length > 0,
        'The subject names no unusable settings, so that nothing shows how they are refused.',
      );
      for (const [index, broken] of unusable.entries()) {
        const failure = await failureOf(openSink(sink, broken), `open, with unusable settings ${index + 1},`);
        mustEqual(failure?.kind, 'config', `With unusable settings ${index + 1}, the kind of failure`);
      }
    }),
};

const identifiersWellFormed: SinkRule = {
  id: 'sink/identifiers-well-formed',
  title: 'The id is lower-case letters, digits and dashes; there is a title; secrets are made with secret().',
  async run({ sink }) {
    must(isIdentifier(sink.id), `The id "${sink.id}" is not letters, digits and dashes.`);
    must(sink.title.trim() !== '', 'The title is empty.');
    const marked = new Set(secretNames(sink.settings));
    const open = Object.keys(sink.settings.shape).filter((name) => namesSecret(name) && !marked.has(name));
    must(open.length === 0, `Not marked by secret(): ${open.join(', ')}.`);
  },
};

/** Failures are logged and shown; the archive is where the text belongs. */
const failuresHideContent: SinkRule = {
  id: 'sink/failures-hide-content',
  title: 'No text, number or secret appears in the message or the causes of a failure.',
  run: (subject) =>
    withSink(subject, async ({ sink, open, prepared }) => {
      const failures: unknown[] = [];
      for (const broken of prepared.unusable) {
        failures.push(await openSink(sink, broken).then(() => undefined, asValue));
      }
      const deliveries = sampleDeliveries({ count: 7, seed: 41 });
      const collect = async (signal: AbortSignal, batch = deliveries) => {
        for (const outcome of await deliver(open, batch, signal))
          if (!outcome.ok) failures.push(outcome.failure);
      };
      await collect(AbortSignal.abort());
      await collect(new AbortController().signal);
      // The same records with other content, and one that no schema would take.
      await collect(
        new AbortController().signal,
        deliveries.map(({ envelope }) =>
          deliveryOf({ ...envelope, content: { ...envelope.content, channel: sampleText } as never }),
        ),
      );
      await collect(new AbortController().signal, [misshapen(deliveries[0] as Delivery)]);
      await open[Symbol.asyncDispose]();
      await collect(new AbortController().signal);
      const hidden = [sampleText, ...Object.values(sampleAddresses).map((address) => address.value)];
      const secrets = secretNames(sink.settings)
        .map((name) => prepared.settings[name])
        .filter((value) => typeof value === 'string' && value !== '') as string[];
      for (const failure of failures) {
        if (failure === undefined) continue;
        const found = secretIn(textOf(failure), [...hidden, ...secrets]);
        must(found === undefined, 'A failure repeats text, a number or a secret.');
      }
    }),
};

function asValue(error: unknown): unknown {
  return error;
}

/** A delivery whose skeleton holds text where ids belong: a sink may keep it or refuse it, not repeat it. */
function misshapen({ envelope, bytes }: Delivery): Delivery {
  const skeleton = { ...envelope.skeleton, id: `../../${sampleText}`, conversation: sampleText };
  return { idempotencyKey: sampleText, envelope: { ...envelope, skeleton }, bytes };
}

/** A shape that no version of ours makes must not stop the sink: it is one item's failure. */
const misshapenIsOneFailure: SinkRule = {
  id: 'sink/misshapen-is-one-failure',
  title: 'An envelope that cannot be kept gets a Failure of its own; its neighbours are kept.',
  run: (subject) =>
    withSink(subject, async ({ open }) => {
      const [first, second, third] = sampleDeliveries({ count: 3, conversations: 3, seed: 42 }) as [
        Delivery,
        Delivery,
        Delivery,
      ];
      const outcomes = await deliver(open, [first, misshapen(second), third]);
      must(
        outcomes[0]?.ok === true && outcomes[2]?.ok === true,
        'A neighbour of a misshapen envelope was not kept.',
      );
      const middle = outcomes[1];
      must(
        middle?.ok === true || isFailure(middle?.failure),
        'A misshapen envelope has neither evidence nor a Failure.',
      );
    }),
};

/** How a sink says no. */
export const failingRules: readonly SinkRule[] = [
  brokenSettingsRefused,
  identifiersWellFormed,
  failuresHideContent,
  misshapenIsOneFailure,
];
