import type { OutboundMessage } from '../../sdk/index.js';
import { must, mustResolve } from '../check.js';
import { prepareConnector } from '../connector-case.js';
import type { ConnectorSubject, Rule } from '../subject.js';
import { askingRules, outcomeOf, type Trial } from './asking.js';

const messageId = '0192f0c1-5b1e-7c00-8000-00000000c001';
/** What careless encodings change. */
const text = 'Zoë: 1 + 1 = 2 & "100 %"\n<b>née</b> 👍 %41 \\n';

/** One message to each recipient. None where the connector does not send, or sends by its session. */
function trialsOf(subject: ConnectorSubject): Trial[] {
  const { connector, outbound } = subject;
  const provider = outbound?.provider;
  if (connector.send === undefined || connector.route === undefined || provider === undefined) return [];
  return (outbound?.recipients ?? []).map(
    (to): Trial => ({
      provider,
      asked: { to, text },
      unsaid: [to, '1 + 1 = 2'],
      async ask(url, signal) {
        const { settings } = prepareConnector({ ...subject, settings: provider.settingsAt(url) });
        const routed = connector.route?.({ to, mediaCount: 0 }, settings);
        must(
          routed?.ok === true,
          `route refused ${JSON.stringify(to)}, which the subject says it must take.`,
        );
        const message: OutboundMessage = {
          id: messageId,
          from: routed.route.from,
          to: routed.route.to,
          text,
          media: [],
          callbackUrl: (endpoint) => `https://archway.example.com/webhooks/${messageId}/${endpoint}`,
        };
        const sent = outcomeOf(async () =>
          connector.send?.(message, { settings, signal, now: () => new Date() }),
        );
        return mustResolve(sent, `send to ${JSON.stringify(to)}`);
      },
    }),
  );
}

/** What holds of the call that hands a message to its provider. */
export const sendingRules: readonly Rule<ConnectorSubject>[] = askingRules({
  name: 'send',
  thing: 'message',
  givenOn: 'the recipient and the text',
  trialsOf,
});
