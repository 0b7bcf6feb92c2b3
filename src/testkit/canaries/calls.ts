import type {
  CallRoute,
  CommunicationEvent,
  Connector,
  OutboundCall,
  RecordingEvent,
  RoutedCall,
} from '../../sdk/index.js';
import { callingReference as reference } from '../reference/calling.js';
import type { ConnectorSubject } from '../subject.js';
import { askingCanaries } from './asking.js';
import type { Canary } from './canary.js';

const base = reference.connector;
type RouteCall = NonNullable<Connector['routeCall']>;
type Call = NonNullable<Connector['call']>;
const { routeCall: routes, call: calls } = base as { routeCall: RouteCall; call: Call };

function canary(rule: string, fault: string, connector: Partial<Connector>): Canary<ConnectorSubject> {
  return {
    rule: `connector/${rule}`,
    fault,
    subject: { ...reference, connector: { ...base, ...connector } },
  };
}

/** A connector that changes whom a call connects. */
function withRoute(rule: string, fault: string, change: (route: CallRoute) => Partial<CallRoute>) {
  return canary(rule, fault, {
    routeCall: (request, settings): RoutedCall => {
      const routed = routes(request, settings);
      return routed.ok ? { ok: true, route: { ...routed.route, ...change(routed.route) } } : routed;
    },
  });
}

/** A connector that tells something else of recordings. */
function withRecordings(fault: string, change: (event: RecordingEvent) => CommunicationEvent) {
  return canary('recordings-belong-to-legs', fault, {
    parse: (capture, given) => {
      const parsed = base.parse(capture, given);
      if (parsed.kind !== 'events') return parsed;
      return {
        ...parsed,
        events: parsed.events.map((event) => (event.kind === 'recording' ? change(event) : event)),
      };
    },
  });
}

const { calls: _, ...callsNobody } = base.capabilities;
const { routeCall: __, ...routesNothing } = base;
const { recordsCalls: ___, ...recordsNothing } = base;
const { calls: ____, ...notTried } = reference;

async function* listed() {
  yield* [];
}

const declared = [
  canary('calls-declared', 'makes calls and does not declare it', { capabilities: callsNobody }),
  {
    rule: 'connector/calls-declared',
    fault: 'declares it and cannot route',
    subject: { ...reference, connector: routesNothing },
  },
  {
    rule: 'connector/calls-declared',
    fault: 'lists recordings and does not say of which calls',
    subject: {
      ...reference,
      connector: { ...recordsNothing, recordings: () => listed() },
    },
  },
  { rule: 'connector/calls-declared', fault: 'gives the kit nothing to try', subject: notTried },
];

const routing = [
  withRoute('route-call-is-pure', 'puts the time into the conversation', ({ conversation }) => ({
    conversation: `${conversation}/${Date.now()}`,
  })),
  canary('route-call-is-pure', 'records calls by day only', {
    recordsCalls: () => new Date().getHours() > 6,
  }),
  canary('route-call-refuses-with-reason', 'takes every number', {
    routeCall: (request, settings) =>
      routes({ ...request, to: reference.calls?.recipients[0] ?? '' }, settings),
  }),
  canary('route-call-refuses-with-reason', 'rings whatever is typed', {
    routeCall: (request, settings) => routes({ ...request, ring: reference.calls?.ring }, settings),
  }),
  canary('route-call-refuses-with-reason', 'refuses without a word', {
    routeCall: (request, settings) => {
      const routed = routes(request, settings);
      return routed.ok ? routed : { ok: false, reason: '' };
    },
  }),
  withRoute('route-call-agrees-with-parse', 'has conversations of its own for what goes out', (route) => ({
    conversation: `out|${route.conversation}`,
  })),
  withRoute('route-call-agrees-with-parse', 'names the one who is called by another scheme', ({ to }) => ({
    to: { ...to, scheme: 'other' },
  })),
];

const recording = [
  withRecordings('says of what call a recording is in words of its own', (event) => ({
    ...event,
    about: event.about.replace('call/', ''),
  })),
  withRecordings('forgets the sound', (event) => ({ ...event, attachments: [] })),
  withRecordings('brings the sound too early', (event) => ({ ...event, status: 'in-progress' })),
];

const calling = askingCanaries<OutboundCall>({
  name: 'call',
  ask: calls,
  with: (call) => ({ ...reference, connector: { ...base, call } }),
  altered: ({ to, ring, ...call }) => ({ ...call, to: ring, ring: to }),
  leaking: (call, secret) => ({
    ...call,
    to: { ...call.to, asReceived: `${call.to.asReceived} ${secret}` },
  }),
  unsaid: ({ to }) => to.asReceived,
});

export const callCanaries: readonly Canary<ConnectorSubject>[] = [
  ...declared,
  ...routing,
  ...recording,
  ...calling,
];
