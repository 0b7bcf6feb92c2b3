import { secretNames } from '../../sdk/index.js';
import { must } from '../check.js';
import { type ConnectorCase, prepareConnector, webhookRequests } from '../connector-case.js';
import { damagedForms } from '../hostile.js';
import { namesSecret } from '../names.js';
import { secretIn, secretValues } from '../secrets.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;

const secretsMarked: ConnectorRule = {
  id: 'connector/secrets-marked',
  title: 'Settings whose name says token, secret, password or key are made with secret().',
  async run({ connector }) {
    const marked = new Set(secretNames(connector.settings));
    const open = Object.keys(connector.settings.shape).filter(
      (name) => namesSecret(name) && !marked.has(name),
    );
    must(open.length === 0, `Not marked by secret(): ${open.join(', ')}.`);
  },
};

/** Everything that a connector hands out for its fixtures and their damaged forms, with what it was. */
function* handedOut(prepared: ConnectorCase): Generator<readonly [what: string, value: unknown]> {
  const { connector, given, settings, requests } = prepared;
  yield ['ownAddresses', attempt(() => connector.ownAddresses(settings))];
  for (const { fixture, signed } of requests) {
    yield [`${fixture.name}: what parse returned`, attempt(() => connector.parse(signed, given))];
    for (const capture of damagedForms(signed)) {
      yield [`${fixture.name}, damaged: what parse returned`, attempt(() => connector.parse(capture, given))];
    }
  }
  for (const { fixture, signed, endpoint } of webhookRequests(prepared)) {
    for (const capture of [signed, fixture.capture, { ...signed, body: new Uint8Array([0xff]) }]) {
      yield [`${fixture.name}: the verdict`, attempt(() => endpoint.verify(capture, settings))];
      yield [`${fixture.name}: the reply`, attempt(() => endpoint.reply?.(capture, settings))];
    }
    const broken = Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, [value]]));
    yield [`${fixture.name}: an error of verify`, attempt(() => endpoint.verify(signed, broken))];
  }
}

function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

const noSecretHandedOut: ConnectorRule = {
  id: 'connector/no-secret-handed-out',
  title: 'No secret of the settings appears in events, reasons, verdicts, replies or errors.',
  async run(subject) {
    const prepared = prepareConnector(subject);
    const secrets = secretValues(prepared);
    if (secrets.length === 0) return;
    for (const [what, value] of handedOut(prepared)) {
      must(secretIn(value, secrets) === undefined, `${what} holds a secret of the settings.`);
    }
  },
};

/** A schema's own messages are printed as they are, so they must not repeat the value that was refused. */
const settingsErrorsHideSecrets: ConnectorRule = {
  id: 'connector/settings-errors-hide-secrets',
  title: 'The error for wrong settings repeats no secret.',
  async run(subject) {
    const { connector } = prepareConnector(subject);
    const names = secretNames(connector.settings);
    for (const [broken] of Object.entries(subject.settings)) {
      for (const wrong of [null, 'wrong\n', { value: 1 }]) {
        const checked = connector.settings.safeParse({
          ...subject.settings,
          [broken]: wrong,
          unknownSetting: 1,
        });
        if (checked.success) continue;
        const values = names
          .map((name) => subject.settings[name])
          .filter((value) => typeof value === 'string');
        must(
          secretIn(checked.error, values) === undefined,
          `The error for a wrong ${broken} repeats a secret of the settings.`,
        );
      }
    }
    for (const name of names) {
      const long = 'leaked-secret-'.repeat(500);
      const checked = connector.settings.safeParse({ ...subject.settings, [name]: long, unknownSetting: 1 });
      if (checked.success) continue;
      must(secretIn(checked.error, [long]) === undefined, `The error for a wrong ${name} repeats its value.`);
    }
  },
};

/** What must never come out again. */
export const secretRules: readonly ConnectorRule[] = [
  secretsMarked,
  noSecretHandedOut,
  settingsErrorsHideSecrets,
];
