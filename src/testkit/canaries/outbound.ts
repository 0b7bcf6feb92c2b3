import { type Connector, Failure, type OutboundMessage, type Route, type Routed } from '../../sdk/index.js';
import { isFailure } from '../check.js';
import { sendingReference as reference } from '../reference/sending.js';
import type { ConnectorSubject } from '../subject.js';
import type { Canary } from './canary.js';

const base = reference.connector;
type Send = NonNullable<Connector['send']>;
type SendContext = Parameters<Send>[1];

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

/** A connector that sends in another way. */
function withSend(rule: string, fault: string, send: Send) {
  return canary(rule, fault, { send });
}

/** A connector that says something else of what failed. */
function failing(
  rule: string,
  fault: string,
  change: (failure: Failure, settings: SendContext['settings']) => unknown,
) {
  return withSend(rule, fault, async (message, context) => {
    try {
      return await sends(message, context);
    } catch (error) {
      throw isFailure(error) ? change(error, context.settings) : error;
    }
  });
}

const as = (kind: Failure['kind']) => (failure: Failure) => new Failure(kind, failure.message);

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

const asking = [
  withSend('send-asks-once', 'tries again when the provider fails', (message, context) =>
    sends(message, context).catch(() => sends(message, context)),
  ),
  withSend('send-asks-once', 'does not look at its signal', (message, context) =>
    sends(message, { ...context, signal: new AbortController().signal }).catch((error: unknown) => {
      throw error;
    }),
  ),
  withSend('send-says-what-was-asked', 'trims the text', (message, context) =>
    sends({ ...message, text: message.text?.slice(0, 20) }, context),
  ),
  withSend('send-says-what-was-asked', 'gives no id', async (message, context) => ({
    ...(await sends(message, context)),
    providerId: '',
  })),
];

const wrongKinds = [
  failing('send-names-its-failures', 'takes a broken connection for an outage', (failure) =>
    failure.kind === 'indeterminate' ? as('unavailable')(failure) : failure,
  ),
  failing('send-names-its-failures', 'does not know when nothing can have left', (failure) =>
    failure.kind === 'unavailable' ? as('indeterminate')(failure) : failure,
  ),
  failing('send-names-its-failures', 'takes wrong credentials for a refused message', (failure) =>
    failure.kind === 'auth' ? as('rejected')(failure) : failure,
  ),
  failing('send-names-its-failures', 'forgets how long to wait', (failure) =>
    failure.kind === 'throttled' ? as('throttled')(failure) : failure,
  ),
  failing(
    'send-names-its-failures',
    'throws what is no Failure',
    (failure) => new TypeError(failure.message),
  ),
  withSend('send-names-its-failures', 'takes any answer for success', (message, context) =>
    sends(message, context).catch((error: Failure) => {
      if (error.message === 'The answer names no message.') return { providerId: 'unknown', aliases: [] };
      throw error;
    }),
  ),
];

const leaking = [
  withSend('send-hides-secrets', 'puts its token into the body', (message: OutboundMessage, context) =>
    sends({ ...message, text: `${message.text} ${context.settings.authToken}` }, context),
  ),
  failing(
    'send-hides-secrets',
    'names its token in a failure',
    ({ kind }, { authToken }) => new Failure(kind, `Refused: ${authToken}`),
  ),
  withSend('send-hides-secrets', 'repeats the text in a failure', (message, context) =>
    sends(message, context).catch(({ kind }: Failure) => {
      throw new Failure(kind, `Not sent: ${message.text}`);
    }),
  ),
];

export const outboundCanaries: readonly Canary<ConnectorSubject>[] = [
  ...declared,
  ...routing,
  ...asking,
  ...wrongKinds,
  ...leaking,
];
