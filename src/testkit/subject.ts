import type {
  Capture,
  CommunicationEvent,
  Connector,
  Delivery,
  DeliveryAttachment,
  EventAlias,
  Evidence,
  MessageEvent,
  Sink,
} from '../sdk/index.js';

/**
 * What the kit needs to know about a connector to put the rules to it. A connector exports one, as
 * `subject`, from `testing.ts` in its folder.
 */
export interface ConnectorSubject {
  readonly connector: Connector;
  /** Valid settings as an operator would type them, with made-up secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly fixtures: readonly Fixture[];
  /** Signs an unsigned capture with the secrets in `settings`, exactly as the provider does. */
  sign(capture: Capture): Capture;
  /**
   * Splits or regroups captures as the provider might when it delivers the same events again in other batches. Left out
   * where the provider always sends one event a request.
   */
  rebatch?(captures: readonly Capture[]): readonly Capture[];
  /**
   * What the provider's signature covers. Left out: both. Name less only where the provider's scheme covers less, and
   * say so in the connector's README: what is not covered can be changed by whoever sees a signed request.
   */
  readonly signatureCovers?: readonly ('url' | 'body')[];
  /** Needed where the connector sends. */
  readonly outbound?: OutboundSubject;
  /** Needed where the connector makes calls. */
  readonly calls?: CallSubject;
}

/** What the kit needs to know to try `route` and `send`. */
export interface OutboundSubject {
  /** Recipients as somebody would type them, for whom the settings have a sender. */
  readonly recipients: readonly string[];
  /** Such that `route` must refuse. */
  readonly refused: readonly string[];
  /**
   * How somebody would type the sender of a captured message to answer it; undefined where it cannot be answered. Left out:
   * the address as received.
   */
  recipientOf?(event: MessageEvent): string | undefined;
  /** Left out where messages leave by a session: then no rule tries `send`. */
  readonly provider?: OutboundProvider;
}

/** What the kit needs to know to try `routeCall` and `call`. */
export interface CallSubject {
  /** Numbers as somebody would type them, which can be called. */
  readonly recipients: readonly string[];
  /** Such that `routeCall` must refuse, as the number to call and as the one to ring first. */
  readonly refused: readonly string[];
  /** Where the custodian is rung first. */
  readonly ring: string;
  readonly provider: ProviderSide<{ readonly to: string; readonly ring: string }>;
}

/** The provider's side of `send`. */
export type OutboundProvider = ProviderSide<{ readonly to: string; readonly text: string | undefined }>;

/** The provider's side of what it is asked to do; the kit plays it by a server on this machine. */
export interface ProviderSide<Asked> {
  /** All settings, with the provider's API at this base URL. */
  settingsAt(url: string): Readonly<Record<string, unknown>>;
  /** What a request asks for. */
  read(request: ProviderRequest): Asked;
  /** The answer to what is taken. */
  readonly accepted: ProviderAnswer;
  readonly unauthorized: ProviderAnswer;
  /** With a wait that is too long to be waited out. */
  readonly throttled: { readonly answer: ProviderAnswer; readonly retryAfterMs: number };
  /** This is refused, and would be again. */
  readonly rejected: ProviderAnswer;
  /** The provider's own fault; it may have taken it. */
  readonly outOfOrder: ProviderAnswer;
}

export interface ProviderRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
}

export interface ProviderAnswer {
  readonly status: number;
  /** The content type is that of JSON where nothing else is said. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One recorded request and what it must parse to: `fixtures/<name>.json` in the connector's folder. */
export interface Fixture {
  readonly name: string;
  /** Unsigned; the kit signs it. With the provenance `reconciled`: an item as `reconcile` lists it. */
  readonly capture: Capture;
  /** Of a listed item: the name of the fixture that is the webhook for the same event. */
  readonly twin?: string;
  readonly expected:
    | {
        readonly kind: 'events';
        readonly events: readonly CommunicationEvent[];
        readonly aliases?: readonly EventAlias[] | undefined;
      }
    | { readonly kind: 'ignored' | 'unsupported'; readonly reason: string };
}

/** What the kit needs to know about a sink. A sink exports one, as `subject`, from `testing.ts` in its folder. */
export interface SinkSubject {
  readonly sink: Sink;
  /** Makes an empty place and gives the settings that point to it. */
  prepare(): Promise<PreparedSink>;
}

export interface PreparedSink extends AsyncDisposable {
  readonly settings: Readonly<Record<string, unknown>>;
  /** Settings that are well formed and cannot work: a place that is not there, a host that does not exist. */
  readonly unusable: readonly Readonly<Record<string, unknown>>[];
  /** Reads the kept bytes by the sink's own outside door (a file, an object), not through the sink's code. */
  read(evidence: Evidence): Promise<Uint8Array>;
  /** Reads the kept bytes of an attachment, likewise. Needed where the sink claims to keep them. */
  readAttachment?(evidence: Evidence, attachment: DeliveryAttachment): Promise<Uint8Array>;
  /** How many separate objects are kept. */
  count(): Promise<number>;
  /** Changes what was kept, as an intruder would. */
  tamper?(evidence: Evidence): Promise<void>;
  /** Removes what was kept, as an intruder would. */
  remove?(evidence: Evidence): Promise<void>;
}

/** One rule of the conformance kit: data with a way to run it. */
export interface Rule<Subject> {
  /** Stable: `connector/forged-signature-refused`. */
  readonly id: string;
  /** What a plugin must do, as a sentence. */
  readonly title: string;
  /** Rejects with a `RuleBroken` that says what is wrong. */
  run(subject: Subject): Promise<void>;
}

export type { Capture, Delivery };
