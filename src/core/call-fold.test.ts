import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callStatuses } from '../sdk/index.js';
import { type CallFact, foldCall } from './call-fold.js';

const at = (seconds: number) => Date.UTC(2026, 10, 23, 9, 30, seconds);

function fact(leg: string, status: CallFact['status'], given: Partial<CallFact> = {}): CallFact {
  return {
    leg,
    parent: null,
    status,
    direction: null,
    answeredBy: null,
    voicemail: false,
    occurredAt: null,
    startedAt: null,
    answeredAt: null,
    endedAt: null,
    durationSeconds: null,
    ...given,
  };
}

/** A caller reaches the provider's script, which rings the custodian's numbers. */
const inbound = (...rest: CallFact[]) => [
  fact('root', 'ringing', { direction: 'inbound', answeredBy: 'gateway', occurredAt: at(0) }),
  fact('root', 'in-progress', { occurredAt: at(1) }),
  ...rest,
];
const child = (status: CallFact['status'], seconds: number, given: Partial<CallFact> = {}) =>
  fact('child', status, { parent: 'root', direction: 'inbound', occurredAt: at(seconds), ...given });
const over = (seconds: number) =>
  fact('root', 'completed', { occurredAt: at(seconds), durationSeconds: seconds });
const requested = fact('root', 'requested', { direction: 'outbound' });
const outward = (status: CallFact['status'], seconds: number) => ({
  ...child(status, seconds),
  direction: 'outbound' as const,
});

const cases: [string, CallFact[], object][] = [
  [
    'inbound and taken',
    inbound(
      child('ringing', 6),
      child('in-progress', 11),
      child('completed', 61, { durationSeconds: 50 }),
      over(61),
    ),
    {
      outcome: 'answered',
      startedAt: at(0),
      answeredAt: at(11),
      endedAt: at(61),
      ringSeconds: 11,
      talkSeconds: 50,
    },
  ],
  [
    'while people talk',
    inbound(child('ringing', 6), child('in-progress', 11)),
    { outcome: 'in-progress', answeredAt: at(11), endedAt: null, ringSeconds: 11, talkSeconds: null },
  ],
  [
    'while it rings',
    inbound(child('ringing', 6)),
    { outcome: 'ringing', ringSeconds: null, talkSeconds: null },
  ],
  ['while the notice is said', inbound(), { outcome: 'ringing', answeredAt: null }],
  [
    'a message was left',
    inbound(child('no-answer', 30), fact('root', null, { voicemail: true }), over(50)),
    { outcome: 'voicemail', answeredAt: null, endedAt: at(50), ringSeconds: 30, talkSeconds: 0 },
  ],
  [
    'nobody took it',
    inbound(child('no-answer', 30), over(31)),
    { outcome: 'no-answer', ringSeconds: 30, talkSeconds: 0 },
  ],
  ['it was engaged', inbound(child('busy', 8), over(9)), { outcome: 'busy' }],
  [
    'one was engaged and one did not come',
    inbound(child('busy', 8), { ...child('no-answer', 30), leg: 'other' }),
    { outcome: 'no-answer' },
  ],
  [
    'the caller gave up during the notice',
    inbound(over(4)),
    { outcome: 'canceled', ringSeconds: 4, talkSeconds: 0 },
  ],
  ['the caller gave up while it rang', inbound(child('ringing', 6), over(9)), { outcome: 'canceled' }],
  [
    'one of several took it',
    inbound(
      child('completed', 40, { answeredAt: at(20) }),
      { ...child('canceled', 20), leg: 'other' },
      over(40),
    ),
    { outcome: 'answered', answeredAt: at(20), talkSeconds: 20 },
  ],
  [
    'one after the other took it',
    inbound(
      child('completed', 40, { answeredAt: at(20) }),
      { ...child('completed', 90, { answeredAt: at(50) }), leg: 'other' },
      over(90),
    ),
    { outcome: 'answered', answeredAt: at(20), endedAt: at(90), talkSeconds: 70 },
  ],
  [
    'one leg is all there is',
    [
      fact('root', 'completed', {
        direction: 'outbound',
        startedAt: at(0),
        endedAt: at(30),
        durationSeconds: 20,
      }),
    ],
    { outcome: 'answered', direction: 'outbound', answeredAt: at(10), ringSeconds: 10, talkSeconds: 20 },
  ],
  [
    'one leg that was missed',
    [fact('root', 'ringing', { occurredAt: at(0) }), fact('root', 'no-answer', { occurredAt: at(9) })],
    { outcome: 'no-answer', ringSeconds: 9 },
  ],
  [
    'only a later leg is known',
    [child('ringing', 6), child('completed', 30, { durationSeconds: 10 })],
    { outcome: 'answered', startedAt: at(6), answeredAt: at(20) },
  ],
  ['only a recording is known', [fact('root', null, {})], { outcome: 'requested', direction: 'inbound' }],
  [
    'asked for',
    [requested],
    { outcome: 'requested', direction: 'outbound', startedAt: null, talkSeconds: null },
  ],
  ['asked for, without an answer', [requested, fact('root', 'indeterminate')], { outcome: 'indeterminate' }],
  [
    'asked for and taken by the provider',
    [requested, fact('root', 'indeterminate'), fact('root', 'accepted')],
    { outcome: 'accepted' },
  ],
  ['asked for and refused', [requested, fact('root', 'refused')], { outcome: 'refused', talkSeconds: 0 }],
  [
    'asked for, and both came',
    [
      ...[requested, fact('root', 'accepted')],
      ...[
        fact('root', 'ringing', { occurredAt: at(1), direction: 'inbound' }),
        fact('root', 'in-progress', { occurredAt: at(5) }),
      ],
      ...[
        outward('ringing', 10),
        outward('in-progress', 17),
        { ...outward('completed', 77), durationSeconds: 60 },
        over(77),
      ],
    ],
    {
      outcome: 'answered',
      direction: 'outbound',
      startedAt: at(1),
      answeredAt: at(17),
      ringSeconds: 7,
      talkSeconds: 60,
    },
  ],
  [
    'asked for, and the custodian talks to nobody yet',
    [
      requested,
      fact('root', 'ringing', { occurredAt: at(1) }),
      fact('root', 'in-progress', { occurredAt: at(5) }),
    ],
    { outcome: 'ringing', answeredAt: null },
  ],
  [
    'asked for, and the custodian did not come',
    [requested, fact('root', 'no-answer', { occurredAt: at(30) })],
    { outcome: 'no-answer' },
  ],
  [
    'asked for, and the custodian hung up at once',
    [requested, over(4)],
    { outcome: 'canceled', talkSeconds: 0 },
  ],
  [
    'asked for, and the other side was engaged',
    [requested, outward('busy', 9), over(12)],
    { outcome: 'busy', direction: 'outbound' },
  ],
];

describe('the outcome of a call', () => {
  it.each(cases)('%s', (_, facts, expected) => {
    expect(foldCall(facts, 'root')).toMatchObject(expected);
  });

  it('is no later than clocks that differ allow', () => {
    const facts = [fact('root', 'completed', { startedAt: at(9), answeredAt: at(5), endedAt: at(3) })];
    expect(foldCall(facts, 'root')).toMatchObject({ ringSeconds: 0, talkSeconds: 0 });
  });
});

const time = fc.option(fc.integer({ min: 0, max: 600 }).map(at), { nil: null });
const arbitraryFact: fc.Arbitrary<CallFact> = fc.record({
  leg: fc.constantFrom('root', 'a', 'b', 'c'),
  parent: fc.constantFrom(null, 'root'),
  status: fc.constantFrom(null, ...callStatuses),
  direction: fc.constantFrom(null, 'inbound' as const, 'outbound' as const),
  answeredBy: fc.constantFrom(null, 'person' as const, 'gateway' as const),
  voicemail: fc.boolean(),
  occurredAt: time,
  startedAt: time,
  answeredAt: time,
  endedAt: time,
  durationSeconds: fc.option(fc.nat(600), { nil: null }),
});

describe('the fold', () => {
  it('is the same for every order, and for facts that come twice', () => {
    const given = fc.array(arbitraryFact, { minLength: 1, maxLength: 12 }).chain((facts) =>
      fc.tuple(
        fc.constant(facts),
        fc.array(fc.nat(facts.length - 1), { maxLength: 6 }).chain((again) =>
          fc.shuffledSubarray([...facts, ...again.map((index) => facts[index] as CallFact)], {
            minLength: facts.length + again.length,
          }),
        ),
      ),
    );
    fc.assert(
      fc.property(given, ([facts, shuffled]) => {
        expect(foldCall(shuffled, 'root')).toEqual(foldCall(facts, 'root'));
      }),
      { numRuns: 2_000 },
    );
  });
});
