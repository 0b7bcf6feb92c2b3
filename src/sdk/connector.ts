import type { z } from 'zod';
import type { AccountCheck, CheckContext } from './account-check.js';
import type { CallCapability, CallRequest, EndedCall, OutboundCall, RoutedCall } from './call.js';
import type { Capture } from './capture.js';
import type { CommunicationEvent, EventAttachment, EventKind } from './event.js';
import type { Accepted, OutboundCapability, OutboundMessage, OutboundRequest, Routed } from './outbound.js';
import type { CallContext, Listed, MediaRequest, TimeWindow } from './provider-call.js';
import type { LinkMethod, Session } from './session.js';

/** Why a request is refused. There is no kind for "accepted all the same": an account without a verifier refuses. */
export type RefusalReason = 'missing_signature' | 'bad_signature' | 'stale';

export type Verdict = { readonly ok: true } | { readonly ok: false; readonly reason: RefusalReason };

/**
 * What a capture turned out to be. `events` holds at least one. `ignored` is for traffic that carries no communication (a provider's ping); whatever
 * the parser does not know is `unsupported`, becomes a record with that reason, and can be parsed again later.
 */
export type Parsed =
  | {
      readonly kind: 'events';
      readonly events: readonly CommunicationEvent[];
      /** What the capture shows of events that have a second key. They hold for what was recorded before, too. */
      readonly aliases?: readonly EventAlias[];
    }
  | { readonly kind: 'ignored' | 'unsupported'; readonly reason: string };

/**
 * Two keys of one event of the account. A provider that repeats our own id in what it reports on a message shows that its id
 * and `outbound/<id>` are the same message, also where the answer to `send` was lost.
 */
export interface EventAlias {
  readonly alias: string;
  /** The key under which the journal has the event, or will have it. */
  readonly key: string;
}

export interface Given {
  /** The account's own addresses, canonical (see `Address.value`). */
  readonly ownAddresses: readonly string[];
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookEndpoint<Settings> {
  /** One line for the person who pastes the URL: where at the provider it belongs. */
  readonly purpose: string;
  /**
   * Decides whether the provider made this request. Pure: no I/O, no clock but `capture.receivedAt`. MUST refuse when
   * the signature is missing, wrong, or made with a secret that the settings do not hold, and MUST compare in constant
   * time.
   */
  verify(capture: Capture, settings: Settings): Verdict;
  /**
   * What the provider has to be asked for before it gets the answer, such as to start a recording. Called after the capture is
   * committed; it has five seconds, since the provider waits. What it throws is logged, and the answer goes out all the
   * same. A request that comes twice has it called twice.
   */
  beforeReply?(capture: Capture, context: CallContext<Settings>): Promise<void>;
  /** The answer, of class 2xx, sent only after the capture is committed. Pure. Default: 200 with an empty body. */
  reply?(capture: Capture, settings: Settings): Reply;
}

export interface Capabilities {
  /** Every kind that `parse` may return; each has a fixture. */
  readonly events: readonly EventKind[];
  /** Whether missed traffic can be listed at the provider, only noticed, or neither. */
  readonly gaps: 'recoverable' | 'detectable' | 'undetectable';
  /** For how many days back the provider lists what there was, for `reconcile`; absent: without an end. */
  readonly listedDays?: number;
  /** Traffic that this connector can never see, in sentences for a compliance officer. */
  readonly blindSpots: readonly string[];
  /** What it can send; absent when it only captures. Then `route` and `send` are there too. */
  readonly outbound?: OutboundCapability;
  /** How a person links a device to an account; absent when its settings are all that it takes. Needs `run`. */
  readonly linking?: readonly LinkMethod[];
  /** That it can make calls. Then `routeCall` and `call` are there too. */
  readonly calls?: CallCapability;
}

/** A plugin for one provider. Pure data and pure functions; specified in docs/spec/connector.md. */
export interface Connector<Schema extends z.ZodObject = z.ZodObject> {
  /** Lower-case letters, digits and dashes; the name of its folder; never changes. */
  readonly id: string;
  readonly title: string;
  /** The `contractVersion` that it was made for. Left out: 1. The gateway does not start with one made for another. */
  readonly contract?: number;
  /** Version of the parser. Raise it when `parse` would read some capture differently. */
  readonly version: string;
  readonly settings: Schema;
  readonly capabilities: Capabilities;
  readonly webhooks: Readonly<Record<string, WebhookEndpoint<z.infer<Schema>>>>;
  /** What follows the webhook URLs that are shown to the operator, such as a provider's retry options. */
  readonly webhookUrlSuffix?: string;
  /** The webhooks that an account with these settings uses. Default: all. */
  webhooksInUse?(settings: z.infer<Schema>): readonly string[];
  /** The account's own addresses, canonical, from its settings. */
  ownAddresses(settings: z.infer<Schema>): string[];
  /**
   * Reads one capture. Pure and total: no I/O, no clock, no settings beyond `given`; any bytes return a value. The same
   * capture MUST give the same events with the same keys, in whatever batch the provider delivers it.
   */
  parse(capture: Capture, given: Given): Parsed;
  /** Says who sends a message and where it belongs. Pure; the record of the request is made of it. */
  route?(request: OutboundRequest, settings: z.infer<Schema>): Routed;
  /** How many messages this account may send in a second; default: what the capability says. */
  messagesPerSecond?(settings: z.infer<Schema>): number | undefined;
  /**
   * Hands one message to the provider. Called only after its record is committed. Never retries by itself.
   *
   * @throws {Failure} `rejected` when the provider refuses it for good, `indeterminate` when it may have taken it all the
   * same (no answer, connection lost after the request left); `unavailable` and `throttled` only when it certainly did not.
   */
  send?(message: OutboundMessage, context: CallContext<z.infer<Schema>>): Promise<Accepted>;
  /** Says who calls whom, whom it rings first, and where it belongs. Pure; the record of the request is made of it. */
  routeCall?(request: CallRequest, settings: z.infer<Schema>): RoutedCall;
  /**
   * Has the provider make one call. Called only after its record is committed. Never retries by itself.
   *
   * @throws {Failure} as `send` does.
   */
  call?(call: OutboundCall, context: CallContext<z.infer<Schema>>): Promise<Accepted>;
  /** Whether calls of an account with these settings are recorded: then one that was answered and has no recording is a gap. Pure. */
  recordsCalls?(settings: z.infer<Schema>): boolean;
  /**
   * Lists the recordings that the provider has of one call, when those that were announced or expected have not come. What
   * `parse` makes of an item MUST have the key that the webhook for the same event gives.
   *
   * @throws {Failure}
   */
  recordings?(call: EndedCall, context: CallContext<z.infer<Schema>>): AsyncIterable<Listed>;
  /**
   * Says how the bytes behind an attachment's `reference` are fetched. May ask the provider where they are.
   *
   * @throws {Failure} `rejected` when they cannot be had: that becomes a gap.
   */
  media?(
    attachment: EventAttachment,
    context: CallContext<z.infer<Schema>>,
  ): MediaRequest | Promise<MediaRequest>;
  /**
   * Asks the provider whether the credentials are good, and whether it knows our webhooks. Changes nothing there.
   *
   * @throws {Failure} which becomes a check that failed.
   */
  check?(context: CheckContext<z.infer<Schema>>): Promise<readonly AccountCheck[]>;
  /**
   * Keeps a connection of its own to the provider, such as polling or a socket, until `signal` is aborted. Runs at one
   * node at a time for each account, and is started again when it ends or fails.
   *
   * @throws {Failure} `auth` and `config` wait for new settings, the other kinds for the provider.
   */
  run?(session: Session<z.infer<Schema>>): Promise<void>;
  /**
   * Lists everything that the provider has for this account in a window, oldest first where it can, in both directions.
   * What `parse` makes of an item MUST have the key that the webhook for the same event gives.
   *
   * @throws {Failure}
   */
  reconcile?(window: TimeWindow, context: CallContext<z.infer<Schema>>): AsyncIterable<Listed>;
}

/** Gives a connector its types; returns it unchanged. */
export function defineConnector<Schema extends z.ZodObject>(connector: Connector<Schema>): Connector<Schema> {
  return connector;
}
