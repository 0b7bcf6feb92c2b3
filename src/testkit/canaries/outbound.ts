import type { Connector, OutboundMessage, Route, Routed } from '../../sdk/index.js';
import { sendingReference as reference } from '../reference/sending.js';
import type { ConnectorSubject } from '../subject.js';
import { askingCanaries } from './asking.js';
import type { Canary } from './canary.js';

const base = reference.connector;
type Send = NonNullable<Connector['send']>;

function canary(
  rule: string,
  fault: string,
  connector: Partial<Connector>,
  subject: Partial<ConnectorSubject> = {},
): Canary<ConnectorSubject> {
  return {
    rule: `connector/${rule}`,
    fault,
    subject: { ...reference, ...subject, connector: { ...base, ...connector } },
  };
}

const { route: routes, send: sends } = base as { route: NonNullable<Connector['route']>; send: Send };

/** A connector that changes where a message goes. */
function withRoute(rule: string, fault: string, change: (route: Route) => Partial<Route>) {
  return canary(rule, fault, {
    route: (request, settings): Routed => {
      const routed = routes(request, settings);
      return routed.ok ? { ok: true, route: { ...routed.route, ...change(routed.route) } } : routed;
    },
  });
}

const { outbound: _, ...sendsNothing } = base.capabilities;
const { route: __, ...routesNothing } = base;
const { outbound: ___, ...notTried } = reference;

const declared = [
  canary('outbound-declared', 'sends and does not declare it', { capabilities: sendsNothing }),
  {
    rule: 'connector/outbound-declared',
    fault: 'declares it and cannot route',
    subject: { ...reference, connector: routesNothing },
  },
  { rule: 'connector/outbound-declared', fault: 'gives the kit nothing to try', subject: notTried },
];

const routing = [
  withRoute('route-is-pure', 'puts the time into the conversation', ({ conversation }) => ({
    conversation: `${conversation}/${Date.now()}`,
  })),
  canary('route-refuses-with-reason', 'takes every recipient', {
    route: (request, settings) => {
      const [number = ''] = reference.outbound?.recipients ?? [];
      return routes({ ...request, to: number }, settings);
    },
  }),
  canary('route-refuses-with-reason', 'refuses without a word', {
    route: (request, settings) => {
      const routed = routes(request, settings);
      return routed.ok ? routed : { ok: false, reason: '' };
    },
  }),
  withRoute(
    'route-agrees-with-parse',
    'has conversations of its own for what goes out',
    ({ conversation }) => ({
      conversation: `out|${conversation}`,
    }),
  ),
  withRoute('route-agrees-with-parse', 'names the recipient by another scheme', ({ to }) => ({
    to: { ...to, scheme: 'other' },
  })),
];

const sending = askingCanaries<OutboundMessage>({
  name: 'send',
  ask: sends,
  with: (send) => ({ ...reference, connector: { ...base, send } }),
  altered: (message) => ({ ...message, text: message.text?.slice(0, 20) }),
  leaking: (message, secret) => ({ ...message, text: `${message.text} ${secret}` }),
  unsaid: ({ text = '' }) => text,
});

export const outboundCanaries: readonly Canary<ConnectorSubject>[] = [...declared, ...routing, ...sending];
