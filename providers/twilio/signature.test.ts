import { parse, stringify } from 'node:querystring';
import fc from 'fast-check';
import {
  getExpectedTwilioSignature,
  validateExpressRequest,
  validateRequestWithBody,
} from 'twilio/lib/webhooks/webhooks.js';
import { describe, expect, it } from 'vitest';
import { bodyDigestOf, signatureOf, signedFieldsOf } from './signature.js';
import { captureOf } from './testing.js';
import { verify } from './verify.js';

const requestCount = 10_000;
const authToken = '0f1e2d3c4b5a69788796a5b4c3d2e1f0';
const otherToken = 'ffeeddccbbaa99887766554433221100';
const settings = { authToken };

describe('the signature', () => {
  it('is the one that Twilio publishes as an example', () => {
    const fields = signedFieldsOf([
      ['To', '+18005551212'],
      ['CallSid', 'CA1234567890ABCDE'],
      ['From', '+14158675309'],
      ['Digits', '1234'],
      ['Caller', '+14158675309'],
    ]);
    const url = 'https://mycompany.com/myapp.php?foo=1&bar=2';
    expect(signatureOf('12345', url, fields)).toBe('RSOYDt4T1cUTdK1PDd93/VVr8B8=');
  });

  it('takes a repeated field once for each value, sorted', () => {
    const fields: [string, string][] = [
      ['b', '2'],
      ['a', 'z'],
      ['b', '1'],
      ['b', '2'],
      ['a', ''],
    ];
    expect(signedFieldsOf(fields)).toBe('aazb1b2');
  });
});

describe('against Twilio’s own library', () => {
  it(`agrees on ${requestCount} random requests`, () => {
    const verdicts = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(requests(), (request) => {
        const signature = signAs(request);
        const official = isAcceptedByLibrary(request, signature);
        const capture = {
          ...captureOf('messages', request.body),
          url: request.url,
          headers: { 'content-type': request.contentType, 'x-twilio-signature': signature },
        };
        expect(verify(capture, settings).ok).toBe(official);
        verdicts[official ? 'accepted' : 'refused']++;
      }),
      { numRuns: requestCount },
    );
    // Both outcomes must have been put to the test.
    expect(verdicts.accepted).toBeGreaterThan(requestCount / 5);
    expect(verdicts.refused).toBeGreaterThan(requestCount / 5);
  });
});

interface RandomRequest {
  readonly url: string;
  readonly contentType: string;
  readonly fields: [string, string][];
  readonly body: string;
  readonly signer: Signer;
}

/** How the signature of a request comes about; what is not the right one in some spelling should be refused. */
type Signer = (typeof signers)[number];
const signers = [
  'as-is',
  'as-is',
  'other-port',
  'normalized',
  'legacy-query',
  'legacy-query-other-port',
  'other-token',
  'changed-field',
  'changed-path',
  'changed-character',
  'junk',
] as const;

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    '+',
    '%',
    '%2B',
    '&',
    '=',
    '\0',
    '\r\n',
    '’',
    '👍',
    'é',
    'e\u0301',
    '__proto__',
    '?',
  ),
);
// Few names, so that many repeat.
const name = fc.oneof(
  fc.constantFrom('From', 'To', 'Body', 'body', 'MediaUrl0', 'MediaUrl10', '1', ''),
  text,
);
const fieldLists = fc.array(fc.tuple(name, text), { maxLength: 12 });

const urls = fc
  .record({
    scheme: fc.constantFrom('https://', 'https://', 'http://', 'HTTPS://'),
    credentials: fc.constantFrom('', '', '', 'user:secret@', 'a@b@'),
    host: fc.constantFrom(
      'archway.example.com',
      'Archway.Example.COM',
      'xn--bcher-kva.example',
      '192.0.2.7',
      '[2001:db8::1]',
    ),
    port: fc.constantFrom('', '', ':443', ':80', ':8443'),
    path: fc.constantFrom(
      '/webhooks/a/messages',
      '',
      '/',
      "/it's",
      '/a b',
      '/%7Euser/ü',
      '/x:1/@y',
      '/a/../b',
      '/bodySHA256',
    ),
    query: fc.oneof(
      fc.constantFrom(
        '',
        '',
        '?',
        '?a=1&b=2',
        "?q='x'&q=(y)!*~",
        '?q=a b+c%20d',
        '?é=ü&u=%C3%BC',
        '?bodySHA256=',
        '?a=1;b=2',
      ),
      text.map((value) => `?q=${encodeURIComponent(value)}`),
    ),
  })
  .map(
    ({ scheme, credentials, host, port, path, query }) => scheme + credentials + host + port + path + query,
  )
  .filter((url) => URL.canParse(url));

function requests(): fc.Arbitrary<RandomRequest> {
  const forms = fc
    .record({ url: urls, fields: fieldLists, signer: fc.constantFrom(...signers) })
    .map(({ url, fields, signer }) => ({
      url,
      fields,
      signer,
      contentType: 'application/x-www-form-urlencoded',
      body: new URLSearchParams(fields).toString(),
    }));
  const documents = fc
    .record({
      url: urls,
      body: fc.oneof(fc.constantFrom('', '{}'), fc.json(), text),
      digest: fc.constantFrom('right', 'right', 'right', 'of-braces', 'upper-case', 'wrong'),
      signer: fc.constantFrom(...signers),
      contentType: fc.constantFrom('application/json', 'text/plain', 'application/x-www-form-urlencoded'),
    })
    .map(({ url, body, digest, signer, contentType }) => ({
      url: `${url}${url.includes('?') ? '&' : '?'}bodySHA256=${digestOf(body, digest)}`,
      fields: [],
      signer,
      contentType,
      body,
    }));
  return fc.oneof({ weight: 3, arbitrary: forms }, { weight: 1, arbitrary: documents });
}

function digestOf(body: string, kind: string): string {
  const right = bodyDigestOf(Buffer.from(body));
  if (kind === 'of-braces') return bodyDigestOf(Buffer.from('{}'));
  if (kind === 'upper-case') return right.toUpperCase();
  return kind === 'right' ? right : bodyDigestOf(Buffer.from(`${body}.`));
}

/** What Express gives to a handler: repeated fields as arrays. */
function parametersOf(fields: readonly [string, string][]): Record<string, string | string[]> {
  const parameters: Record<string, string | string[]> = Object.create(null);
  for (const [key, value] of fields) {
    const before = parameters[key];
    parameters[key] = before === undefined ? value : [before, value].flat();
  }
  return parameters;
}

/** By its Express door, and for an empty body by the plain one as well: the former takes it for `{}`, the latter not. */
function isAcceptedByLibrary(request: RandomRequest, signature: string): boolean {
  if (validateExpressRequest(expressRequest(request, signature), authToken, { url: request.url }))
    return true;
  if (request.body !== '' || !request.url.includes('bodySHA256')) return false;
  return validateRequestWithBody(authToken, signature, request.url, '');
}

function expressRequest(request: RandomRequest, signature: string) {
  return {
    protocol: 'https',
    headers: {},
    originalUrl: request.url,
    header: (header: string) => (header === 'X-Twilio-Signature' ? signature : undefined),
    rawBody: request.body,
    body: parametersOf(request.fields),
  };
}

function signAs({ url, fields, signer }: RandomRequest): string {
  const parameters = parametersOf(url.includes('bodySHA256') ? [] : fields);
  const right = getExpectedTwilioSignature(authToken, url, parameters);
  switch (signer) {
    case 'as-is':
      return right;
    case 'other-port':
      return getExpectedTwilioSignature(authToken, withOtherPort(url), parameters);
    case 'normalized':
      return getExpectedTwilioSignature(authToken, new URL(url).toString(), parameters);
    case 'legacy-query':
      return getExpectedTwilioSignature(authToken, withLegacyQuery(url), parameters);
    case 'legacy-query-other-port':
      return getExpectedTwilioSignature(authToken, withOtherPort(withLegacyQuery(url)), parameters);
    case 'other-token':
      return getExpectedTwilioSignature(otherToken, url, parameters);
    case 'changed-field':
      return getExpectedTwilioSignature(authToken, url, { ...parameters, Body: 'something else' });
    case 'changed-path':
      return getExpectedTwilioSignature(authToken, `${url}x`, parameters);
    case 'changed-character':
      return right.startsWith('A') ? `B${right.slice(1)}` : `A${right.slice(1)}`;
    case 'junk':
      return right.slice(0, 27);
  }
}

/** The query as Node's older module would write it, which is how some of Twilio's services sign. */
function withLegacyQuery(url: string): string {
  const [path = '', query] = new URL(url).toString().split(/\?(.*)/s);
  return query === undefined || query === '' ? url : `${path}?${stringify(parse(query))}`;
}

/** Adds the standard port where there is none, or removes the one that there is. */
function withOtherPort(url: string): string {
  const removed = url.replace(/:(443|80|8443)(?=[/?]|$)/, '');
  if (removed !== url) return removed;
  const port = url.toLowerCase().startsWith('https:') ? ':443' : ':80';
  return url.replace(/^([a-z]+:\/\/[^/?]*)/i, `$1${port}`);
}
