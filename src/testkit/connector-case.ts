import {
  type Capture,
  type Connector,
  eventSchema,
  type Given,
  keySchema,
  type Parsed,
  z,
} from '../sdk/index.js';
import { must, mustReturn } from './check.js';
import type { ConnectorSubject, Fixture } from './subject.js';

/** A connector with its settings applied, and its fixtures as they would arrive. */
export interface ConnectorCase {
  readonly connector: Connector;
  readonly settings: Record<string, unknown>;
  readonly given: Given;
  readonly requests: readonly SignedRequest[];
}

export interface SignedRequest {
  readonly fixture: Fixture;
  readonly signed: Capture;
}

/** Applies a subject's settings and signs its fixtures. Settings that the schema refuses break the rule at hand. */
export function prepareConnector(subject: ConnectorSubject): ConnectorCase {
  const { connector } = subject;
  const settings = connector.settings.safeParse(subject.settings);
  must(settings.success, `The subject's settings do not fit the connector's own schema: ${settings.error}`);
  must(subject.fixtures.length > 0, 'There is no fixture, so nothing shows what the connector reads.');
  return {
    connector,
    settings: settings.data,
    given: { ownAddresses: connector.ownAddresses(settings.data) },
    requests: subject.fixtures.map((fixture) => ({ fixture, signed: subject.sign(fixture.capture) })),
  };
}

/** The requests that come in through a webhook, with the endpoint that judges them. */
export function webhookRequests({ connector, requests }: ConnectorCase) {
  return requests
    .filter(({ signed }) => signed.provenance === 'webhook')
    .map((request) => {
      const endpoint = connector.webhooks[request.signed.endpoint];
      must(
        endpoint !== undefined,
        `${request.fixture.name}: its endpoint ${request.signed.endpoint} is none of the connector's webhooks.`,
      );
      return { ...request, endpoint };
    });
}

/** What `parse` returned, as plain JSON, so that it compares to a golden file. An exception breaks the rule. */
export function parsed(connector: Connector, capture: Capture, given: Given, what: string): Parsed {
  return plain(mustReturn(() => connector.parse(capture, given), `${what}: parse`));
}

/** A value as it would be after being stored as JSON. */
export function plain<Value>(value: Value): Value {
  const text = JSON.stringify(value);
  return text === undefined ? value : (JSON.parse(text) as Value);
}

/** The events of a parsed capture; none for one that is ignored or unsupported. */
export function eventsOf(result: Parsed) {
  return result.kind === 'events' ? result.events : [];
}

/** What is wrong with a value that `parse` returned; undefined for a proper one. */
export function faultOf(result: unknown): string | undefined {
  if (typeof result !== 'object' || result === null) return `returned ${String(result)}`;
  const { kind, events, aliases, reason } = result as Record<string, unknown>;
  if (kind === 'events') return faultOfEvents(events) ?? faultOfAliases(aliases);
  if (kind !== 'ignored' && kind !== 'unsupported') return `returned the kind ${String(kind)}, which is none`;
  const hasReason = typeof reason === 'string' && reason.trim() !== '';
  return hasReason ? undefined : `returned ${kind} without a reason`;
}

const aliasesSchema = z.array(z.strictObject({ alias: keySchema, key: keySchema })).optional();

function faultOfAliases(aliases: unknown): string | undefined {
  return aliasesSchema.safeParse(aliases).success
    ? undefined
    : 'returned aliases that are no list of pairs of an alias and a key';
}

function faultOfEvents(events: unknown): string | undefined {
  if (!Array.isArray(events)) return 'returned events that are no list';
  if (events.length === 0)
    return 'returned no events at all; that is "ignored" or "unsupported", with a reason';
  for (const [index, event] of events.entries()) {
    const checked = eventSchema.safeParse(event);
    if (checked.success) continue;
    const issue = checked.error.issues[0];
    return `returned an event that does not fit the schema: events.${index}.${issue?.path.join('.')}: ${issue?.message}`;
  }
  return undefined;
}

/** What a call returned, or the words of what it threw: for calls that are only compared. */
export function attempt(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    return String(error);
  }
}
