import { must, mustEqual } from '../check.js';
import { eventsOf, parsed, prepareConnector } from '../connector-case.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const listingDeclared: ConnectorRule = {
  id: 'connector/listing-declared',
  title: 'A connector says that gaps are recoverable exactly when it can list what its provider has.',
  async run({ connector }) {
    const { gaps, listedDays } = connector.capabilities;
    const lists = connector.reconcile !== undefined;
    must(
      lists === (gaps === 'recoverable'),
      lists
        ? `It has \`reconcile\`, and declares that gaps are ${gaps}.`
        : 'It declares that gaps are recoverable, and has no `reconcile`.',
    );
    must(
      listedDays === undefined || (lists && Number.isInteger(listedDays) && listedDays > 0),
      '`listedDays` is a whole number of days, of a connector that lists.',
    );
  },
};

const listedGivesWebhookKeys: ConnectorRule = {
  id: 'connector/listed-gives-webhook-keys',
  title: 'What is listed has the key, the kind and the conversation that its webhook gives.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    const listed = requests.filter(({ signed }) => signed.provenance === 'reconciled');
    for (const { signed, fixture } of listed) {
      must(
        connector.webhooks[signed.endpoint] === undefined,
        `${fixture.name}: its endpoint ${signed.endpoint} is a webhook too, so a request could pass for a listed item.`,
      );
    }
    const twins = listed.filter(({ fixture }) => fixture.twin !== undefined);
    must(
      connector.reconcile === undefined || twins.length > 0,
      'No fixture is a listed item with the `twin` that is its webhook.',
    );
    for (const { signed, fixture } of twins) {
      const twin = requests.find((request) => request.fixture.name === fixture.twin);
      must(twin !== undefined, `${fixture.name}: there is no fixture ${fixture.twin}.`);
      const [fromList] = eventsOf(parsed(connector, signed, given, fixture.name));
      const [fromWebhook] = eventsOf(parsed(connector, twin.signed, given, twin.fixture.name));
      for (const name of ['key', 'kind', 'conversation'] as const)
        mustEqual(fromList?.[name], fromWebhook?.[name], `${fixture.name}: the ${name} of its first event`);
    }
  },
};

/** What a connector lists when it is asked afterwards. */
export const listingRules: readonly ConnectorRule[] = [listingDeclared, listedGivesWebhookKeys];
