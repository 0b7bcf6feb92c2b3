import { isDeepStrictEqual } from 'node:util';
import type { Capture, Verdict } from '../../sdk/index.js';
import { must, mustReturn } from '../check.js';
import { type ConnectorCase, plain, prepareConnector, webhookRequests } from '../connector-case.js';
import { withoutSurroundings } from '../forbid.js';
import { bitFlips, damagedForms } from '../hostile.js';
import { seededRandom } from '../random.js';
import { otherSecret, secretValues } from '../secrets.js';
import type { ConnectorSubject, Rule } from '../subject.js';

type ConnectorRule = Rule<ConnectorSubject>;
type Request = ReturnType<typeof webhookRequests>[number];

const refusalReasons: readonly unknown[] = ['missing_signature', 'bad_signature', 'stale'];

/** Asks the endpoint of a request for its verdict on a capture, which may be another than the request's own. */
function verdictOn(request: Request, capture: Capture, settings: Record<string, unknown>): Verdict {
  return mustReturn(() => request.endpoint.verify(capture, settings), `${request.fixture.name}: verify`);
}

function mustRefuse(
  request: Request,
  capture: Capture,
  settings: Record<string, unknown>,
  what: string,
): void {
  const verdict = verdictOn(request, capture, settings);
  must(verdict.ok === false, `${request.fixture.name}: accepted ${what}.`);
  must(
    refusalReasons.includes(verdict.reason),
    `${request.fixture.name}: refused ${what} for a reason that is none: ${String(verdict.reason)}.`,
  );
}

/** A rule that looks at each webhook request by itself. */
function forEachRequest(
  id: string,
  title: string,
  look: (request: Request, prepared: ConnectorCase, subject: ConnectorSubject) => void,
): ConnectorRule {
  return {
    id: `connector/${id}`,
    title,
    async run(subject) {
      const prepared = prepareConnector(subject);
      for (const request of webhookRequests(prepared)) look(request, prepared, subject);
    },
  };
}

const signedAccepted = forEachRequest(
  'signed-accepted',
  'Every request that the provider signed is accepted.',
  (request, { settings }) => {
    const verdict = verdictOn(request, request.signed, settings);
    must(
      verdict.ok === true,
      `${request.fixture.name}: refused although it is signed: ${JSON.stringify(verdict)}.`,
    );
  },
);

const missingSignatureRefused = forEachRequest(
  'missing-signature-refused',
  'A request without a signature is refused.',
  (request, { settings }) => {
    mustRefuse(request, request.fixture.capture, settings, 'a request without a signature');
    mustRefuse(request, { ...request.fixture.capture, headers: {} }, settings, 'a request without headers');
  },
);

const forgedSignatureRefused = forEachRequest(
  'forged-signature-refused',
  'A signature made with another secret is refused.',
  (request, prepared) => {
    const secrets = new Set(secretValues(prepared));
    const others = Object.entries(prepared.settings).map(([name, value]) => [
      name,
      typeof value === 'string' && secrets.has(value) ? otherSecret(value) : value,
    ]);
    mustRefuse(request, request.signed, Object.fromEntries(others), 'a signature made with another secret');
  },
);

/**
 * Settings without any secret should never come about, but an account that was half restored must not be an open
 * door. To throw is to refuse here.
 */
const noSecretRefused: ConnectorRule = {
  id: 'connector/no-secret-refused',
  title: 'Where the settings hold no secret, every request is refused.',
  async run(subject) {
    const prepared = prepareConnector(subject);
    const secrets = new Set(secretValues(prepared));
    if (secrets.size === 0) return;
    const withSecrets = (replacement: unknown) =>
      Object.fromEntries(
        Object.entries(prepared.settings).map(([name, value]) => [
          name,
          typeof value === 'string' && secrets.has(value) ? replacement : value,
        ]),
      );
    for (const request of webhookRequests(prepared)) {
      for (const capture of [request.signed, request.fixture.capture]) {
        for (const replacement of [undefined, '']) {
          must(
            !accepts(request, capture, withSecrets(replacement)),
            `${request.fixture.name}: accepted although the settings hold no secret.`,
          );
        }
      }
    }
  },
};

function accepts(request: Request, capture: Capture, settings: Record<string, unknown>): boolean {
  try {
    return request.endpoint.verify(capture, settings).ok;
  } catch (error) {
    return !(error instanceof Error);
  }
}

/**
 * Some changes leave the meaning as it is, and providers sign the meaning: `%2b` for `%2B` in a form. So a changed
 * body may pass if it reads the same.
 */
const changedBodyRefused = forEachRequest(
  'changed-body-refused',
  'A request whose body was changed after signing is refused, or reads the same.',
  (request, prepared, subject) => {
    if (subject.signatureCovers?.includes('body') === false) return;
    const { signed, fixture } = request;
    const { connector, settings, given } = prepared;
    const original = plain(connector.parse(signed, given));
    const changed = [
      ...bitFlips(signed, seededRandom(signed.body.byteLength + 7), 200),
      ...(signed.body.byteLength === 0 ? [] : [{ ...signed, body: new Uint8Array() }]),
      { ...signed, body: Uint8Array.from([...signed.body, ...signed.body, 0x41]) },
    ];
    for (const capture of changed) {
      if (!verdictOn(request, capture, settings).ok) continue;
      must(
        isDeepStrictEqual(plain(connector.parse(capture, given)), original),
        `${fixture.name}: accepted a changed body that reads differently.`,
      );
    }
    mustRefuse(request, changed.at(-1) as Capture, settings, 'a body with bytes added');
  },
);

const changedUrlRefused = forEachRequest(
  'changed-url-refused',
  'A request whose URL was changed after signing is refused.',
  (request, { settings }, subject) => {
    if (subject.signatureCovers?.includes('url') === false) return;
    const url = new URL(request.signed.url);
    const withUrl = (change: (url: URL) => void) => {
      const changed = new URL(url);
      change(changed);
      return { ...request.signed, url: changed.href };
    };
    const changed = {
      'a query parameter added to the URL': withUrl((it) => it.searchParams.append('added', '1')),
      'another path in the URL': withUrl((it) => {
        it.pathname = `${it.pathname}x`;
      }),
      'another host in the URL': withUrl((it) => {
        it.hostname = `other.${it.hostname}`;
      }),
    };
    for (const [what, capture] of Object.entries(changed)) mustRefuse(request, capture, settings, what);
  },
);

const changedHeaderRefused = forEachRequest(
  'changed-header-refused',
  'A request is refused when a header that carries its signature is changed, cut, emptied or left out.',
  (request, { settings }) => {
    const { signed, fixture } = request;
    for (const [name, value] of Object.entries(signed.headers)) {
      if (fixture.capture.headers[name] === value) continue;
      const { [name]: _, ...others } = signed.headers;
      mustRefuse(request, { ...signed, headers: others }, settings, `a request without ${name}`);
      for (const changed of [
        '',
        value.slice(4),
        value.slice(0, -4),
        'é'.repeat(value.length),
        otherSecret(value),
      ]) {
        const headers = { ...signed.headers, [name]: changed };
        mustRefuse(request, { ...signed, headers }, settings, `a changed ${name}`);
      }
    }
  },
);

const verifyIsTotal = forEachRequest(
  'verify-is-total',
  'Whatever arrives, verify returns a verdict; it never throws.',
  (request, { settings }) => {
    for (const capture of damagedForms(request.signed)) {
      const { ok } = verdictOn(request, capture, settings);
      must(typeof ok === 'boolean', `${request.fixture.name}: verify returned no verdict.`);
    }
  },
);

const verifyIsPure = forEachRequest(
  'verify-is-pure',
  'verify reaches for no clock, randomness, file, network or environment.',
  (request, { settings }) => {
    const { reachedFor } = withoutSurroundings(() => {
      try {
        return request.endpoint.verify(request.signed, settings);
      } catch (error) {
        return error;
      }
    });
    must(reachedFor.length === 0, `${request.fixture.name}: verify reached for ${reachedFor.join(', ')}.`);
  },
);

/** Who may post: nothing gets in that the provider did not sign. */
export const signatureRules: readonly ConnectorRule[] = [
  signedAccepted,
  missingSignatureRefused,
  forgedSignatureRefused,
  noSecretRefused,
  changedBodyRefused,
  changedUrlRefused,
  changedHeaderRefused,
  verifyIsTotal,
  verifyIsPure,
];
