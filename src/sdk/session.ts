import type { CallContext, Listed } from './provider-call.js';

/**
 * How a session stands, in words that are the same for every connector.
 *
 * - `awaiting-pairing`: a person has to link a device, by a code that the connector shows.
 * - `degraded`: it works only in part, or not now; it will try again by itself.
 * - `replaced`: another program has taken its place. It does not fight for it.
 */
export const sessionStates = [
  'connecting',
  'awaiting-pairing',
  'open',
  'degraded',
  'replaced',
  'logged-out',
  'banned',
] as const;

export type SessionState = (typeof sessionStates)[number];

export interface SessionHealth {
  readonly state: SessionState;
  /** A sentence for a person; no secret, no number, no message text. */
  readonly detail?: string;
  /** What the operator has to do next, where it does not mend itself. */
  readonly action?: string;
}

/**
 * Changes of what a session keeps between its runs; null takes a value away. What a name holds behind its first slash may
 * name a person: at rest only a keyed digest of it is kept.
 */
export type StateChanges = Readonly<Record<string, string | null>>;

/** What a session has received. */
export interface Received extends Listed {
  /** `history`: from before the session began, as the provider hands it over when a device is linked. Default: `session`. */
  readonly provenance?: 'session' | 'history';
}

/** How a device is linked: by a picture that it scans, or by a code that is typed into it. */
export const linkMethods = ['qr', 'code'] as const;

export type LinkMethod = (typeof linkMethods)[number];

/** What an operator asks of the session of an account. */
export type LinkOrder =
  /** `phoneNumber`: in E.164 form, of the device where the code will be typed. */
  | { readonly kind: 'link'; readonly method: LinkMethod; readonly phoneNumber?: string }
  | { readonly kind: 'unlink' };

/** What has to be scanned or typed. Whoever has it can link a device of his own: it is a secret while it is valid. */
export interface LinkOffer {
  readonly method: LinkMethod;
  /** The text of the QR code, or the code. */
  readonly value: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

/** What a connector gets that keeps a connection of its own to the provider. */
export interface Session<Settings> extends CallContext<Settings> {
  /**
   * Commits what was received, and the session's own state with it, in one transaction: cursor and messages move together
   * or not at all. Acknowledge upstream only after it has resolved.
   *
   * @throws when nothing was committed: the database is away, or the session belongs to another node by now.
   */
  emit(received: readonly Received[], changes?: StateChanges): Promise<void>;
  /** What an earlier run has kept under this name. Sealed at rest. */
  recall(name: string): Promise<string | undefined>;
  /** The same for many names at once; those without a value are not in the answer. */
  recallMany(names: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /**
   * Takes away all values whose names begin with one of these groups and a slash.
   *
   * @param writtenBefore only those that were last written before this time.
   * @throws as `emit` does.
   */
  forget(groups: readonly string[], writtenBefore?: Date): Promise<void>;
  /** The operator's next order to link or to unlink, each given once. Waits for it; undefined when the signal is aborted. */
  nextOrder(signal: AbortSignal): Promise<LinkOrder | undefined>;
  /**
   * Puts up what has to be scanned or typed, for holders of an API key; undefined takes it back. Sealed at rest, never logged.
   * Seen after what was reported before.
   */
  showLink(offer: LinkOffer | undefined): Promise<void>;
  /** The operator lets this machine itself play the provider, also by plain http. False in real operation. */
  readonly allowTestEndpoints: boolean;
  report(health: SessionHealth): void;
  /**
   * Puts up what `send` and `media` of this account need of the session, such as its open socket; they find it as
   * `context.session`, at this node, until the run ends or takes it back with undefined.
   */
  offer(handle: unknown): void;
  /** The public URL of one of the connector's webhooks, without `webhookUrlSuffix`. */
  webhookUrl(endpoint: string): string;
}
