import type { Capture, Connector } from '../../sdk/index.js';
import { referenceConnectorSubject as reference, referenceConnector } from '../reference/connector.js';
import type { ConnectorSubject, Fixture } from '../subject.js';
import type { Canary } from './canary.js';

const base = referenceConnector as Connector;
const [webhook] = reference.fixtures as [Fixture];

/** The reference connector as one that lists: an item is what the webhook posts. */
const capabilities = { ...base.capabilities, gaps: 'recoverable' } as const;
const reconcile: Connector['reconcile'] = async function* () {
  yield listed().capture;
};

function listed(change: Partial<Capture> = {}): Fixture {
  const capture = { ...webhook.capture, endpoint: 'listed', provenance: 'reconciled', ...change } as const;
  return { ...webhook, name: 'listed', twin: webhook.name, capture };
}

function canary(
  rule: string,
  fault: string,
  connector: Partial<Connector>,
  fixtures: readonly Fixture[] = [],
): Canary<ConnectorSubject> {
  return {
    rule: `connector/${rule}`,
    fault,
    subject: {
      ...reference,
      connector: { ...base, ...connector },
      fixtures: [...reference.fixtures, ...fixtures],
      sign: (capture) => (capture.provenance === 'reconciled' ? capture : reference.sign(capture)),
    },
  };
}

const otherKeys: Connector['parse'] = (capture, given) => {
  const result = base.parse(capture, given);
  if (result.kind !== 'events' || capture.endpoint !== 'listed') return result;
  return { ...result, events: result.events.map((event) => ({ ...event, key: `listed/${event.key}` })) };
};

export const listingCanaries: readonly Canary<ConnectorSubject>[] = [
  canary('listing-declared', 'promises what it cannot list', { capabilities }),
  canary('listing-declared', 'lists and says that gaps cannot be recovered', { reconcile }),
  canary(
    'listed-gives-webhook-keys',
    'gives listed items keys of their own',
    { capabilities, reconcile, parse: otherKeys },
    [listed()],
  ),
  canary('listed-gives-webhook-keys', 'takes requests for listed items', { capabilities, reconcile }, [
    listed({ endpoint: 'messages' }),
  ]),
  canary('listed-gives-webhook-keys', 'shows no listed item', { capabilities, reconcile }),
];
