import { isIdentifier } from '../../core/identifier.js';
import { must, mustEqual } from '../check.js';
import { eventsOf, parsed, prepareConnector } from '../connector-case.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const identifiersWellFormed: ConnectorRule = {
  id: 'connector/identifiers-well-formed',
  title:
    'Id and endpoint names are lower-case letters, digits and dashes; title, version and purposes are there.',
  async run({ connector }) {
    must(
      isIdentifier(connector.id),
      `The id "${connector.id}" is not lower-case letters, digits and dashes.`,
    );
    must(connector.title.trim() !== '', 'The title is empty.');
    must(connector.version.trim() !== '', 'The version is empty.');
    for (const [name, { purpose }] of Object.entries(connector.webhooks)) {
      must(isIdentifier(name), `The endpoint "${name}" is not lower-case letters, digits and dashes.`);
      must(purpose.trim() !== '', `The endpoint ${name} does not say where at the provider it belongs.`);
      must(!purpose.includes('\n'), `The purpose of the endpoint ${name} is longer than one line.`);
    }
  },
};

const declaredKindsTested: ConnectorRule = {
  id: 'connector/declared-kinds-tested',
  title: 'The declared kinds of events are exactly the kinds that the fixtures give.',
  async run(subject) {
    const { connector, given, requests } = prepareConnector(subject);
    const seen = requests.flatMap(({ fixture, signed }) =>
      eventsOf(parsed(connector, signed, given, fixture.name)).map((event) => event.kind),
    );
    mustEqual(
      [...new Set(seen)].sort(),
      [...connector.capabilities.events].sort(),
      'The list of kinds in fixtures',
    );
  },
};

const endpointsTested: ConnectorRule = {
  id: 'connector/endpoints-tested',
  title: 'Every webhook endpoint has a fixture, and fixtures have names of their own.',
  async run({ connector, fixtures }) {
    const webhooks = fixtures.filter(({ capture }) => capture.provenance === 'webhook');
    const tested = new Set(webhooks.map(({ capture }) => capture.endpoint));
    const untested = Object.keys(connector.webhooks).filter((name) => !tested.has(name));
    must(untested.length === 0, `No fixture arrives at the endpoint ${untested.join(', ')}.`);
    const names = fixtures.map((fixture) => fixture.name);
    must(new Set(names).size === names.length, 'Two fixtures have the same name.');
  },
};

const blindSpotsDeclared: ConnectorRule = {
  id: 'connector/blind-spots-declared',
  title: 'Blind spots are declared, in sentences: no channel shows everything.',
  async run({ connector }) {
    const { blindSpots } = connector.capabilities;
    must(
      blindSpots.length > 0,
      'No blind spot is declared; say at least what the provider does not deliver.',
    );
    for (const sentence of blindSpots) {
      const isSentence = /^\p{Lu}.*\.$/su.test(sentence) && sentence.split(/\s+/).length >= 4;
      must(
        isSentence,
        `"${sentence}" is not a sentence: it has a capital, four words or more, and a full stop.`,
      );
    }
  },
};

const ownAddressesCanonical: ConnectorRule = {
  id: 'connector/own-addresses-canonical',
  title: "The account's own addresses are canonical, each once, and the same every time.",
  async run(subject) {
    const { connector, settings, given } = prepareConnector(subject);
    mustEqual(connector.ownAddresses(settings), [...given.ownAddresses], 'A second list of own addresses');
    must(new Set(given.ownAddresses).size === given.ownAddresses.length, 'An own address is listed twice.');
    for (const address of given.ownAddresses) {
      must(
        address !== '' && address === address.trim(),
        `The own address "${address}" has blanks around it.`,
      );
      const isNumber = /^\+?[\d\s().-]+$/.test(address);
      must(!isNumber || /^\+?\d+$/.test(address), `The own number "${address}" is not in canonical form.`);
    }
  },
};

/** What a connector says about itself. */
export const declarationRules: readonly ConnectorRule[] = [
  identifiersWellFormed,
  declaredKindsTested,
  endpointsTested,
  blindSpotsDeclared,
  ownAddressesCanonical,
];
