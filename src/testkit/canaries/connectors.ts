import { createHmac } from 'node:crypto';
import {
  type Capture,
  type Connector,
  type Parsed,
  secret,
  type WebhookEndpoint,
  z,
} from '../../sdk/index.js';
import { referenceConnectorSubject as reference, referenceConnector } from '../reference/connector.js';
import type { ConnectorSubject } from '../subject.js';
import { callCanaries } from './calls.js';
import type { Canary } from './canary.js';
import { listingCanaries } from './listing.js';
import { outboundCanaries } from './outbound.js';

type Settings = Record<string, unknown>;
type Endpoint = WebhookEndpoint<Settings>;

const base = referenceConnector as Connector;
const endpoint = base.webhooks.messages as Endpoint;
const header = 'x-reference-signature';

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

/** A connector whose only endpoint differs in one function. */
function withEndpoint(
  rule: string,
  fault: string,
  change: Partial<Endpoint>,
  subject?: Partial<ConnectorSubject>,
) {
  return canary(rule, fault, { webhooks: { messages: { ...endpoint, ...change } } }, subject);
}

/** A connector that changes what the reference connector made of a capture. */
function withParse(rule: string, fault: string, change: (parsed: Parsed, capture: Capture) => unknown) {
  return canary(rule, fault, {
    parse: (capture, given) => change(base.parse(capture, given), capture) as Parsed,
  });
}

/** The events of a parsed capture, each changed; what has none stays as it is. */
function eachEvent(change: (event: Record<string, unknown>, index: number, capture: Capture) => object) {
  return (parsed: Parsed, capture: Capture): unknown =>
    parsed.kind === 'events'
      ? { ...parsed, events: parsed.events.map((event, index) => change(event, index, capture)) }
      : parsed;
}

/** A connector and its provider that sign only a part of the request. */
function signingOnly(
  rule: string,
  part: (capture: Capture) => string | Uint8Array,
): Canary<ConnectorSubject> {
  const sign = (capture: Capture, token: unknown) =>
    createHmac('sha256', String(token)).update(part(capture)).digest('hex');
  return withEndpoint(
    rule,
    'signs only a part of the request',
    {
      verify: (capture, settings) =>
        capture.headers[header] === sign(capture, settings.authToken)
          ? { ok: true }
          : { ok: false, reason: 'bad_signature' },
    },
    {
      sign: (capture) => ({
        ...capture,
        headers: { ...capture.headers, [header]: sign(capture, reference.settings.authToken) },
      }),
    },
  );
}

const declarations = [
  canary('identifiers-well-formed', 'an id with a blank', { id: 'Reference Connector' }),
  canary('declared-kinds-tested', 'declares calls and has no fixture of one', {
    capabilities: { ...base.capabilities, events: ['message', 'call'] },
  }),
  canary('declared-kinds-tested', 'gives messages and declares none', {
    capabilities: { ...base.capabilities, events: [] },
  }),
  canary('endpoints-tested', 'an endpoint without a fixture', {
    webhooks: { messages: endpoint, status: endpoint },
  }),
  canary('blind-spots-declared', 'declares no blind spot', {
    capabilities: { ...base.capabilities, blindSpots: [] },
  }),
  canary('blind-spots-declared', 'a blind spot that is no sentence', {
    capabilities: { ...base.capabilities, blindSpots: ['calls'] },
  }),
  canary('own-addresses-canonical', 'a number with blanks', { ownAddresses: () => ['+1 202 555 0188'] }),
];

const signatures = [
  withEndpoint('signed-accepted', 'refuses everything', { verify: () => ({ ok: false, reason: 'stale' }) }),
  withEndpoint('missing-signature-refused', 'accepts what has no signature', {
    verify: (capture, settings) =>
      capture.headers[header] === undefined ? { ok: true } : endpoint.verify(capture, settings),
  }),
  withEndpoint('missing-signature-refused', 'refuses for a reason that is none', {
    verify: (capture, settings) =>
      capture.headers[header] === undefined
        ? { ok: false, reason: 'nope' as never }
        : endpoint.verify(capture, settings),
  }),
  withEndpoint('forged-signature-refused', 'looks only whether there is a signature', {
    verify: (capture) =>
      capture.headers[header] === undefined ? { ok: false, reason: 'missing_signature' } : { ok: true },
  }),
  withEndpoint('no-secret-refused', 'takes a missing secret for "no check wanted"', {
    verify: (capture, settings) => (settings.authToken ? endpoint.verify(capture, settings) : { ok: true }),
  }),
  signingOnly('changed-body-refused', (capture) => capture.url),
  signingOnly('changed-url-refused', (capture) => capture.body),
  withEndpoint('changed-header-refused', 'compares only the first characters', {
    verify: (capture, settings) => {
      const whole = reference.sign(capture).headers[header] as string;
      const given = capture.headers[header] ?? '';
      const isBeginning = given !== '' && whole.startsWith(given);
      return isBeginning ? { ok: true } : endpoint.verify(capture, settings);
    },
  }),
  withEndpoint('verify-is-total', 'throws on a body that is no JSON', {
    verify: (capture, settings) => {
      JSON.parse(new TextDecoder().decode(capture.body));
      return endpoint.verify(capture, settings);
    },
  }),
  withEndpoint('verify-is-pure', 'asks the clock whether the request is old', {
    verify: (capture, settings) =>
      Date.now() < 0 ? { ok: false, reason: 'stale' } : endpoint.verify(capture, settings),
  }),
];

const parsing = [
  withParse(
    'parse-equals-golden',
    'changes the text',
    eachEvent((event) => ({ ...event, text: 'changed' })),
  ),
  withParse(
    'events-fit-schema',
    'a field that no event has',
    eachEvent((event) => ({ ...event, extra: 1 })),
  ),
  withParse('events-fit-schema', 'an alias without the key that it stands for', (parsed) =>
    parsed.kind === 'events' ? { ...parsed, aliases: [{ alias: 'another key' }] } : parsed,
  ),
  withParse('events-fit-schema', 'a list without events', (parsed) =>
    parsed.kind === 'ignored' ? { kind: 'events', events: [] } : parsed,
  ),
  withParse(
    'parse-is-pure',
    'numbers keys at random',
    eachEvent((event) => ({ ...event, key: `${Math.random()}` })),
  ),
  withParse('parse-is-pure', 'looks at the clock and hides it', (parsed) => {
    try {
      return Date.now() < 0 ? undefined : parsed;
    } catch (error) {
      return error instanceof Error ? parsed : undefined;
    }
  }),
  withParse('parse-is-pure', 'changes the bytes it was given', (parsed, capture) => {
    capture.body[0] = 0x20;
    return parsed;
  }),
  withParse('parse-is-total', 'throws on invalid UTF-8', (parsed, capture) => {
    new TextDecoder('utf-8', { fatal: true }).decode(capture.body);
    return parsed;
  }),
  withParse('parse-is-total', 'returns nothing for an empty body', (parsed, capture) =>
    capture.body.byteLength === 0 ? undefined : parsed,
  ),
  withParse('unknown-is-unsupported', 'passes over what it does not know', (parsed) =>
    parsed.kind === 'unsupported' ? { kind: 'ignored', reason: 'not known' } : parsed,
  ),
  withParse(
    'keys-unique-in-capture',
    'one key for all',
    eachEvent((event) => ({ ...event, key: 'm' })),
  ),
  withParse(
    'redelivery-gives-equal-events',
    'takes the time of arrival for the time of the event',
    eachEvent((event, _, capture) => ({
      ...event,
      occurredAt: { at: capture.receivedAt, granularity: 'millisecond' },
    })),
  ),
  withParse(
    'rebatching-gives-equal-events',
    'makes keys from the place in the batch',
    eachEvent((event, index) => ({ ...event, key: `${index}` })),
  ),
  withParse('rebatching-gives-equal-events', 'notes the size of the batch', (parsed) =>
    parsed.kind === 'events'
      ? {
          ...parsed,
          events: parsed.events.map((event) => ({ ...event, provider: { size: `${parsed.events.length}` } })),
        }
      : parsed,
  ),
];

const replies = [
  withEndpoint('reply-is-pure', 'puts the time into its reply', {
    reply: () => ({ status: 200, headers: {}, body: new Date().toISOString() }),
  }),
  withEndpoint('reply-is-success', 'asks for a retry of what cannot be parsed', {
    reply: (capture) => ({
      status: base.parse(capture, { ownAddresses: [] }).kind === 'unsupported' ? 500 : 200,
      headers: {},
      body: '',
    }),
  }),
];

const secrets = [
  canary('secrets-marked', 'a token that is a plain string', {
    settings: base.settings.extend({ apiToken: z.string().optional() }),
  }),
  withEndpoint('no-secret-handed-out', 'replies with its token', {
    reply: (_, settings) => ({ status: 200, headers: {}, body: `token=${settings.authToken}` }),
  }),
  withEndpoint('no-secret-handed-out', 'names its token in an error', {
    verify: (capture, settings) => {
      if (typeof settings.authToken !== 'string') throw new TypeError(`Odd token: ${settings.authToken}`);
      return endpoint.verify(capture, settings);
    },
  }),
  withParse(
    'no-secret-handed-out',
    'repeats its token in events',
    eachEvent((event) => ({
      ...event,
      provider: { authorization: `Bearer ${reference.settings.authToken}` },
    })),
  ),
  canary('settings-errors-hide-secrets', 'quotes the token that it refuses', {
    settings: base.settings.extend({
      authToken: secret().max(100, { error: (issue) => `${String(issue.input)} is too long` }),
    }),
  }),
];

/** At least one for each rule that is put to connectors. */
export const connectorCanaries: readonly Canary<ConnectorSubject>[] = [
  ...declarations,
  ...signatures,
  ...parsing,
  ...replies,
  ...secrets,
  ...listingCanaries,
  ...outboundCanaries,
  ...callCanaries,
];
