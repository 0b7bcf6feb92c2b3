import { isDeepStrictEqual } from 'node:util';
import type { Capture } from '../../sdk/index.js';
import { must, mustEqual, mustReturn } from '../check.js';
import { attempt, eventsOf, faultOf, parsed, plain, prepareConnector } from '../connector-case.js';
import { withoutSurroundings } from '../forbid.js';
import { damagedForms, meaninglessForm } from '../hostile.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const parseEqualsGolden: ConnectorRule = {
  id: 'connector/parse-equals-golden',
  title: 'Each fixture parses to exactly what its golden file says.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const { fixture, signed } of requests) {
      mustEqual(
        parsed(connector, signed, given, fixture.name),
        plain(fixture.expected),
        `${fixture.name}: parse`,
      );
    }
  },
};

const eventsFitSchema: ConnectorRule = {
  id: 'connector/events-fit-schema',
  title: 'Each fixture parses to a proper value: events that fit the schema, or a reason.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const { fixture, signed } of requests) {
      const fault = faultOf(mustReturn(() => connector.parse(signed, given), `${fixture.name}: parse`));
      must(fault === undefined, `${fixture.name}: parse ${fault}.`);
    }
  },
};

const parseIsPure: ConnectorRule = {
  id: 'connector/parse-is-pure',
  title: 'parse gives the same for the same capture, changes nothing, and reaches for nothing around it.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    Object.freeze(given);
    Object.freeze(given.ownAddresses);
    for (const { fixture, signed } of requests) {
      const capture = frozen(signed);
      const before = plain(
        mustReturn(() => connector.parse(capture, given), `${fixture.name}: parse of frozen input`),
      );
      mustEqual(Buffer.from(capture.body), Buffer.from(signed.body), `${fixture.name}: the body after parse`);
      const { value, reachedFor } = withoutSurroundings(() => attempt(() => connector.parse(capture, given)));
      must(reachedFor.length === 0, `${fixture.name}: parse reached for ${reachedFor.join(', ')}.`);
      mustEqual(plain(value), before, `${fixture.name}: a second parse`);
    }
  },
};

/** A copy that cannot be changed; the bytes of a body cannot be frozen, so they are compared afterwards. */
function frozen(capture: Capture): Capture {
  const body = Uint8Array.from(capture.body);
  return Object.freeze({ ...capture, headers: Object.freeze({ ...capture.headers }), body });
}

const parseIsTotal: ConnectorRule = {
  id: 'connector/parse-is-total',
  title:
    'Whatever arrives, parse returns a proper value: cut short, bits flipped, invalid UTF-8, random, huge.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const { fixture, signed } of requests) {
      for (const capture of damagedForms(signed)) {
        const what = `${fixture.name}, damaged (body ${excerpt(capture.body)})`;
        const fault = faultOf(mustReturn(() => connector.parse(capture, given), `${what}: parse`));
        must(fault === undefined, `${what}: parse ${fault}.`);
      }
      const fault = faultOf(
        mustReturn(
          () => connector.parse(signed, { ownAddresses: [] }),
          `${fixture.name} without own addresses: parse`,
        ),
      );
      must(fault === undefined, `${fixture.name} without own addresses: parse ${fault}.`);
    }
  },
};

function excerpt(body: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(body.slice(0, 80)).toString('latin1'));
  return body.byteLength > 80 ? `${text}… of ${body.byteLength} bytes` : text;
}

const unknownIsUnsupported: ConnectorRule = {
  id: 'connector/unknown-is-unsupported',
  title: 'What cannot be read is unsupported, never ignored: it may have been a message.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const [index, { fixture, signed }] of requests.entries()) {
      const { kind } = parsed(
        connector,
        meaninglessForm(signed, index),
        given,
        `${fixture.name}, made meaningless`,
      );
      must(kind === 'unsupported', `${fixture.name}, made meaningless, is ${kind}, not unsupported.`);
    }
  },
};

const keysUniqueInCapture: ConnectorRule = {
  id: 'connector/keys-unique-in-capture',
  title: 'Two events of one capture have different keys.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const { fixture, signed } of requests) {
      const keys = eventsOf(parsed(connector, signed, given, fixture.name)).map((event) => event.key);
      const twice = keys.find((key, index) => keys.indexOf(key) !== index);
      must(twice === undefined, `${fixture.name}: two events have the key ${twice}.`);
    }
  },
};

/** The provider sends again what it thinks we missed; the time of arrival is all that differs. */
const redeliveryGivesEqualEvents: ConnectorRule = {
  id: 'connector/redelivery-gives-equal-events',
  title: 'The same request a day later gives equal events with equal keys: no time of ours is in them.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    for (const { fixture, signed } of requests) {
      const later = new Date(Date.parse(signed.receivedAt) + 86_400_000).toISOString();
      mustEqual(
        parsed(connector, { ...signed, receivedAt: later }, given, fixture.name),
        parsed(connector, signed, given, fixture.name),
        `${fixture.name}: redelivered, parse`,
      );
    }
  },
};

const rebatchingGivesEqualEvents: ConnectorRule = {
  id: 'connector/rebatching-gives-equal-events',
  title: 'The same events in other batches are equal, with equal keys.',
  async run(subject) {
    if (subject.rebatch === undefined) return;
    const { connector, given } = prepareConnector(subject);
    const original = subject.fixtures.map((fixture) => fixture.capture);
    const byKey = (captures: readonly Capture[]) =>
      new Map(
        captures
          .flatMap((capture) => eventsOf(parsed(connector, subject.sign(capture), given, 'a batch')))
          .map((event) => [event.key, event]),
      );
    const before = byKey(original);
    const after = byKey(subject.rebatch(original));
    mustEqual([...after.keys()].sort(), [...before.keys()].sort(), 'The list of keys in other batches');
    for (const [key, event] of before) {
      must(isDeepStrictEqual(after.get(key), event), `The event ${key} differs in another batch.`);
    }
  },
};

/** What is made of the bytes. */
export const parsingRules: readonly ConnectorRule[] = [
  parseEqualsGolden,
  eventsFitSchema,
  parseIsPure,
  parseIsTotal,
  unknownIsUnsupported,
  keysUniqueInCapture,
  redeliveryGivesEqualEvents,
  rebatchingGivesEqualEvents,
];
