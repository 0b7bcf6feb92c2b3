import type { CallRequest, OutboundCall } from '../../sdk/index.js';
import { must, mustResolve } from '../check.js';
import { prepareConnector } from '../connector-case.js';
import type { ConnectorSubject, Rule } from '../subject.js';
import { askingRules, outcomeOf, type Trial } from './asking.js';

const callId = '0192f0c1-5b1e-7c00-8000-00000000c002';

/** One call to each recipient. None where the connector makes no calls. */
function trialsOf(subject: ConnectorSubject): Trial[] {
  const { connector, calls } = subject;
  if (connector.call === undefined || connector.routeCall === undefined || calls === undefined) return [];
  const { provider, recipients, ring } = calls;
  return recipients.map((to): Trial => {
    const request: CallRequest = { to, ring };
    return {
      provider,
      asked: { to, ring },
      unsaid: [to, ring],
      async ask(url, signal) {
        const { settings } = prepareConnector({ ...subject, settings: provider.settingsAt(url) });
        const routed = connector.routeCall?.(request, settings);
        must(
          routed?.ok === true,
          `routeCall refused ${JSON.stringify(to)}, which the subject says it must take.`,
        );
        const call: OutboundCall = {
          id: callId,
          from: routed.route.from,
          to: routed.route.to,
          ring: routed.route.ring,
          callbackUrl: (endpoint) => `https://archway.example.com/webhooks/${callId}/${endpoint}`,
        };
        const made = outcomeOf(async () =>
          connector.call?.(call, { settings, signal, now: () => new Date() }),
        );
        return mustResolve(made, `call to ${JSON.stringify(to)}`);
      },
    };
  });
}

/** What holds of the call that has a provider make one. */
export const callingRules: readonly Rule<ConnectorSubject>[] = askingRules({
  name: 'call',
  thing: 'call',
  givenOn: 'the numbers to ring and to call',
  trialsOf,
});
