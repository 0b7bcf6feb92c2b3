import type { CallEvent, CallRequest, RecordingEvent, RoutedCall } from '../../sdk/index.js';
import { must, mustEqual, mustReturn } from '../check.js';
import { attempt, type ConnectorCase, eventsOf, parsed, plain, prepareConnector } from '../connector-case.js';
import { withoutSurroundings } from '../forbid.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const callsDeclared: ConnectorRule = {
  id: 'connector/calls-declared',
  title:
    'A connector declares that it makes calls exactly when it can route and make them, and its subject says how to try it.',
  async run({ connector, calls: tried }) {
    const { calls } = connector.capabilities;
    const has = { routeCall: connector.routeCall !== undefined, call: connector.call !== undefined };
    for (const [name, isThere] of Object.entries(has)) {
      must(
        isThere === (calls !== undefined),
        isThere
          ? `It has \`${name}\`, and declares no \`capabilities.calls\`.`
          : `It declares \`capabilities.calls\`, and has no \`${name}\`.`,
      );
    }
    must(
      connector.recordings === undefined || connector.recordsCalls !== undefined,
      'It has `recordings`, which nobody asks for without `recordsCalls`.',
    );
    if (calls === undefined) return;
    must(calls.callsPerSecond > 0, '`callsPerSecond` is above 0.');
    must(tried !== undefined, 'The subject has no `calls`, so nothing shows that it can make one.');
    must(
      tried.recipients.length > 0 && tried.refused.length > 0,
      'The subject names no recipient that `routeCall` must take, or none that it must refuse.',
    );
  },
};

/** What no connector can call. */
const nobody = ['', '\0', 'x'.repeat(10_000)];

const routeCallIsPure: ConnectorRule = {
  id: 'connector/route-call-is-pure',
  title:
    'routeCall and recordsCalls give the same for the same arguments, and reach for nothing around them.',
  async run(subject) {
    const { connector, settings } = prepareConnector(subject);
    const { routeCall, recordsCalls } = connector;
    const again = (what: string, ask: () => unknown) => {
      const first = plain(mustReturn(ask, what));
      const { value, reachedFor } = withoutSurroundings(() => attempt(ask));
      must(reachedFor.length === 0, `${what} reached for ${reachedFor.join(', ')}.`);
      mustEqual(plain(value), first, `${what}, asked again,`);
    };
    if (recordsCalls !== undefined) again('recordsCalls', () => recordsCalls(settings));
    if (routeCall === undefined) return;
    const { recipients = [], refused = [], ring } = subject.calls ?? {};
    for (const to of [...recipients, ...refused, ...nobody]) {
      for (const request of [{ to }, { to, ring }])
        again(`routeCall to ${JSON.stringify(to.slice(0, 40))}`, () =>
          routeCall(Object.freeze(request), settings),
        );
    }
  },
};

const routeCallRefusesWithReason: ConnectorRule = {
  id: 'connector/route-call-refuses-with-reason',
  title:
    'routeCall takes the numbers that it should, and refuses all others with a reason, never with an exception.',
  async run(subject) {
    const { connector, settings } = prepareConnector(subject);
    const { calls } = subject;
    const { routeCall } = connector;
    if (routeCall === undefined || calls === undefined) return;
    const routed = (request: CallRequest): RoutedCall =>
      mustReturn(() => routeCall(request, settings), `routeCall to ${JSON.stringify(request.to)}`);
    for (const to of calls.recipients) {
      const result = routed({ to, ring: calls.ring });
      must(result.ok, `routeCall refused ${JSON.stringify(to)}, which the subject says it must take.`);
      for (const name of ['conversation', 'channel'] as const)
        must(result.route[name] !== '', `routeCall to ${JSON.stringify(to)} gave no ${name}.`);
    }
    const mustRefuse = (request: CallRequest, what: string) => {
      const result = routed(request);
      must(!result.ok, `routeCall took ${what}, which it must refuse.`);
      must(result.reason.trim() !== '', `routeCall refused ${what} without a reason.`);
    };
    const [recipient = ''] = calls.recipients;
    for (const wrong of [...calls.refused, ...nobody]) {
      const shown = JSON.stringify(wrong.slice(0, 40));
      mustRefuse({ to: wrong, ring: calls.ring }, `the recipient ${shown}`);
      mustRefuse({ to: recipient, ring: wrong }, `${shown} as the custodian's number`);
    }
  },
};

/** All events of the fixtures. */
function toldBy({ connector, given, requests }: ConnectorCase) {
  return requests.flatMap(({ fixture, signed }) => eventsOf(parsed(connector, signed, given, fixture.name)));
}

const routeCallAgreesWithParse: ConnectorRule = {
  id: 'connector/route-call-agrees-with-parse',
  title: 'A call back to a captured caller goes to him, from the number that he called, in his conversation.',
  async run(subject) {
    const { calls } = subject;
    const { routeCall } = subject.connector;
    if (routeCall === undefined || calls === undefined) return;
    const prepared = prepareConnector(subject);
    const answerable = toldBy(prepared).filter(
      (event): event is CallEvent =>
        event.kind === 'call' && event.direction === 'inbound' && event.conversation !== undefined,
    );
    let compared = 0;
    for (const event of answerable) {
      const request = { to: event.from.asReceived, ring: calls.ring };
      const routed = routeCall(request, prepared.settings);
      // Who withholds his number cannot be called; another number of the account is another conversation.
      if (!routed.ok || routed.route.from.value !== event.to[0]?.value) continue;
      compared += 1;
      const { conversation, channel, to } = routed.route;
      mustEqual(
        { conversation, channel, to: { scheme: to.scheme, value: to.value } },
        {
          conversation: event.conversation,
          channel: event.channel,
          to: { scheme: event.from.scheme, value: event.from.value },
        },
        `A call back after ${event.key}:`,
      );
    }
    must(
      compared > 0,
      'No caller of the fixtures could be called back, so nothing shows that routeCall and parse agree.',
    );
  },
};

const recordingsBelongToLegs: ConnectorRule = {
  id: 'connector/recordings-belong-to-legs',
  title:
    'A recording is about a leg that calls of the fixtures have, and brings its sound when it is completed, and only then.',
  async run(subject) {
    const events = toldBy(prepareConnector(subject));
    const recordings = events.filter((event): event is RecordingEvent => event.kind === 'recording');
    const legs = new Set(
      events.flatMap((event) => (event.kind === 'call' ? [event.about ?? event.key] : [])),
    );
    for (const { key, about, status, attachments } of recordings) {
      must(legs.has(about), `${key} is about ${about}, and no call of the fixtures has this leg.`);
      const isCompleted = status === 'completed';
      must(
        attachments.length > 0 === isCompleted,
        isCompleted ? `${key} is completed and brings no sound.` : `${key} is ${status} and brings a sound.`,
      );
    }
  },
};

/** What holds of calls: how they are told, and whom one that goes out would ring, before it does. */
export const callRules: readonly ConnectorRule[] = [
  callsDeclared,
  routeCallIsPure,
  routeCallRefusesWithReason,
  routeCallAgreesWithParse,
  recordingsBelongToLegs,
];
