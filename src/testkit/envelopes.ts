import { canonicalBytes } from '../core/canonical.js';
import { type Content, type Delivery, type Envelope, envelopeSchema } from '../sdk/index.js';
import { type Random, seededRandom } from './random.js';

export interface SampleOptions {
  /** How many. Default 1. */
  readonly count?: number;
  /** Equal seeds give equal envelopes. Default 1. */
  readonly seed?: number;
  /** Over how many conversations they are spread, in turn. Default 1. */
  readonly conversations?: number;
  /** Sequence number of the first one. Default 1. */
  readonly firstSequence?: number;
}

/** Text that stands in every sample message, so that a rule can tell when a sink repeats it in an error. */
export const sampleText = 'Please sell 500 ACME at market – merci, Zoë 🐘';

/** The people of the samples. Their numbers are reserved for fiction and reach nobody. */
export const sampleAddresses = {
  contact: { scheme: 'tel', value: '+12025550123', asReceived: '+12025550123' },
  custodian: { scheme: 'tel', value: '+12025550188', asReceived: '+12025550188' },
} as const;

const firstReceivedAt = Date.parse('2026-11-23T09:30:00.000Z');

/**
 * Valid envelopes of several kinds, as a journal would give them to one sink: sequence numbers without holes, every
 * one checked against the envelope schema.
 */
export function sampleEnvelopes(options: SampleOptions = {}): Envelope[] {
  const { count = 1, seed = 1, conversations = 1, firstSequence = 1 } = options;
  const random = seededRandom(seed);
  const start = new Date(firstReceivedAt);
  const instance = random.uuid(start);
  const account = random.uuid(start);
  const conversationIds = Array.from({ length: conversations }, () => random.uuid(start));
  return Array.from({ length: count }, (_, index) =>
    sampleEnvelope(random, {
      instance,
      account,
      conversation: conversationIds[index % conversations] as string,
      sequence: firstSequence + index,
      content: contents[Math.floor(index / conversations) % contents.length] as SampleContent,
    }),
  );
}

/** Sample envelopes as deliveries, with their canonical bytes and a key of their own. */
export function sampleDeliveries(options: SampleOptions = {}): Delivery[] {
  return sampleEnvelopes(options).map(deliveryOf);
}

/** The delivery of an envelope: its canonical bytes, and a key that only depends on the record. */
export function deliveryOf(envelope: Envelope): Delivery {
  return {
    idempotencyKey: `${envelope.skeleton.id}/sample-sink`,
    envelope,
    bytes: canonicalBytes(envelope),
  };
}

interface Given {
  readonly instance: string;
  readonly account: string;
  readonly conversation: string;
  readonly sequence: number;
  readonly content: SampleContent;
}

function sampleEnvelope(random: Random, given: Given): Envelope {
  const received = new Date(firstReceivedAt + given.sequence * 250);
  const digest = () => Buffer.from(random.bytes(32)).toString('hex');
  const content = given.content(`sample-${given.sequence}`);
  return envelopeSchema.parse({
    skeleton: {
      version: 1,
      instance: given.instance,
      sequence: given.sequence,
      id: random.uuid(received),
      kind: content.kind,
      key: random.uuid(received),
      connector: 'sample',
      connectorVersion: '1',
      account: given.account,
      conversation: given.conversation,
      provenance: 'webhook',
      times: { received: received.toISOString(), recorded: new Date(received.getTime() + 20).toISOString() },
      capture: { id: random.uuid(received), digest: digest() },
      attachments: [],
      contentDigest: digest(),
    },
    content,
    salt: Buffer.from(random.bytes(32)).toString('base64'),
  });
}

type SampleContent = (key: string) => Content;

const shared = { channel: 'sms', conversation: '+12025550123|+12025550188' };
const { contact, custodian } = sampleAddresses;

/** Kinds with and without parties, text and direction, since a sink must take them all. */
const contents: readonly SampleContent[] = [
  (key) => ({
    kind: 'message',
    ...shared,
    key,
    from: contact,
    to: [custodian],
    direction: 'inbound',
    text: sampleText,
    attachments: [],
  }),
  (key) => ({
    kind: 'message',
    ...shared,
    key,
    from: custodian,
    to: [contact],
    direction: 'outbound',
    text: `${sampleText} \u0000 ‮ ${'long '.repeat(200)}`,
    attachments: [],
  }),
  (key) => ({ kind: 'receipt', ...shared, key, about: 'sample-1', status: 'delivered' }),
  (key) => ({ kind: 'edit', ...shared, key, about: 'sample-1', text: sampleText, attachments: [] }),
  (key) => ({ kind: 'deletion', ...shared, key, about: 'sample-1' }),
  (key) => ({ kind: 'gap', channel: 'sms', key, state: 'open', reason: 'outage', detail: sampleText }),
  () => ({ kind: 'unsupported', reason: sampleText, endpoint: 'messages' }),
];
