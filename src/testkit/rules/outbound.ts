import type { MessageEvent, OutboundRequest, Routed } from '../../sdk/index.js';
import { must, mustEqual, mustReturn } from '../check.js';
import { attempt, type ConnectorCase, eventsOf, parsed, plain, prepareConnector } from '../connector-case.js';
import { withoutSurroundings } from '../forbid.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const outboundDeclared: ConnectorRule = {
  id: 'connector/outbound-declared',
  title:
    'A connector declares what it can send exactly when it can route and send, and its subject says how to try it.',
  async run({ connector, outbound: tried }) {
    const { outbound } = connector.capabilities;
    const has = { route: connector.route !== undefined, send: connector.send !== undefined };
    for (const [name, isThere] of Object.entries(has)) {
      must(
        isThere === (outbound !== undefined),
        isThere
          ? `It has \`${name}\`, and declares no \`capabilities.outbound\`.`
          : `It declares \`capabilities.outbound\`, and has no \`${name}\`.`,
      );
    }
    if (outbound === undefined) return;
    const { textLengthMax, mediaMax, messagesPerSecond, bySession = false } = outbound;
    must(Number.isInteger(textLengthMax) && textLengthMax > 0, '`textLengthMax` is a whole number above 0.');
    must(Number.isInteger(mediaMax) && mediaMax >= 0, '`mediaMax` is a whole number, 0 for none.');
    must(messagesPerSecond > 0, '`messagesPerSecond` is above 0.');
    must(tried !== undefined, 'The subject has no `outbound`, so nothing shows that it can send.');
    must(
      tried.recipients.length > 0 && tried.refused.length > 0,
      'The subject names no recipient that `route` must take, or none that it must refuse.',
    );
    must(
      bySession || tried.provider !== undefined,
      'The subject has no `outbound.provider`, so nothing shows what `send` does.',
    );
  },
};

/** Every request that the subject has for `route`. */
function* requestsOf({ outbound }: ConnectorSubject): Generator<OutboundRequest> {
  for (const to of [
    ...(outbound?.recipients ?? []),
    ...(outbound?.refused ?? []),
    '',
    '\0',
    'x'.repeat(10_000),
  ]) {
    yield { to, mediaCount: 0 };
    yield { to, mediaCount: 1 };
  }
}

const routeIsPure: ConnectorRule = {
  id: 'connector/route-is-pure',
  title: 'route gives the same for the same request, and reaches for nothing around it.',
  async run(subject) {
    const { connector, settings } = prepareConnector(subject);
    const { route } = connector;
    if (route === undefined) return;
    for (const request of requestsOf(subject)) {
      const what = `route to ${JSON.stringify(request.to.slice(0, 40))}`;
      const first = plain(mustReturn(() => route(Object.freeze(request), settings), what));
      const { value, reachedFor } = withoutSurroundings(() => attempt(() => route(request, settings)));
      must(reachedFor.length === 0, `${what} reached for ${reachedFor.join(', ')}.`);
      mustEqual(plain(value), first, `${what}, asked again,`);
    }
  },
};

const routeRefusesWithReason: ConnectorRule = {
  id: 'connector/route-refuses-with-reason',
  title:
    'route takes the recipients that it should, and refuses all others with a reason, never with an exception.',
  async run(subject) {
    const { connector, settings } = prepareConnector(subject);
    const { outbound } = subject;
    const { route } = connector;
    if (route === undefined || outbound === undefined) return;
    const routed = (to: string): Routed =>
      mustReturn(() => route({ to, mediaCount: 0 }, settings), `route to ${JSON.stringify(to)}`);
    for (const to of outbound.recipients) {
      const result = routed(to);
      must(result.ok, `route refused ${JSON.stringify(to)}, which the subject says it must take.`);
      for (const name of ['conversation', 'channel'] as const)
        must(result.route[name] !== '', `route to ${JSON.stringify(to)} gave no ${name}.`);
    }
    for (const to of [...outbound.refused, '', '\0', 'x'.repeat(10_000)]) {
      const result = routed(to);
      must(!result.ok, `route took ${JSON.stringify(to.slice(0, 40))}, which it must refuse.`);
      must(result.reason.trim() !== '', `route refused ${JSON.stringify(to)} without a reason.`);
    }
  },
};

/** Messages from one person to one address of ours: those that can be answered. */
function answerable({ connector, given, requests }: ConnectorCase): MessageEvent[] {
  const events = requests.flatMap(({ fixture, signed }) =>
    eventsOf(parsed(connector, signed, given, fixture.name)),
  );
  return events.filter(
    (event): event is MessageEvent =>
      event.kind === 'message' && event.direction === 'inbound' && event.to.length === 1,
  );
}

const routeAgreesWithParse: ConnectorRule = {
  id: 'connector/route-agrees-with-parse',
  title:
    'An answer to a captured message goes to its sender, from the address that it was for, in its conversation.',
  async run(subject) {
    const { outbound } = subject;
    const { route } = subject.connector;
    if (route === undefined || outbound === undefined) return;
    const prepared = prepareConnector(subject);
    const recipientOf = outbound.recipientOf ?? ((event: MessageEvent) => event.from.asReceived);
    let compared = 0;
    for (const event of answerable(prepared)) {
      const to = recipientOf(event);
      if (to === undefined) continue;
      const routed = route({ to, mediaCount: event.attachments.length }, prepared.settings);
      // Another of the account's senders answers: that is another conversation.
      if (!routed.ok || routed.route.from.value !== event.to[0]?.value) continue;
      compared += 1;
      const { conversation, to: recipient } = routed.route;
      mustEqual(conversation, event.conversation, `An answer to ${event.key}: the conversation`);
      const { scheme, value } = recipient;
      const sender = { scheme: event.from.scheme, value: event.from.value };
      mustEqual({ scheme, value }, sender, `An answer to ${event.key}: the recipient`);
    }
    must(
      compared > 0,
      'No message of the fixtures could be answered, so nothing shows that route and parse agree.',
    );
  },
};

/** What holds of messages that go out, before anything leaves. */
export const outboundRules: readonly ConnectorRule[] = [
  outboundDeclared,
  routeIsPure,
  routeRefusesWithReason,
  routeAgreesWithParse,
];
