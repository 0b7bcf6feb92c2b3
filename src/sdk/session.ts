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

/** Changes of what a session keeps between its runs; null takes a value away. */
export type StateChanges = Readonly<Record<string, string | null>>;

/** What a session has received. */
export interface Received extends Listed {
  /** `history`: from before the session began, as the provider hands it over when a device is linked. Default: `session`. */
  readonly provenance?: 'session' | 'history';
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
  report(health: SessionHealth): void;
  /**
   * Puts up what `send` and `media` of this account need of the session, such as its open socket; they find it as
   * `context.session`, at this node, until the run ends or takes it back with undefined.
   */
  offer(handle: unknown): void;
  /** The public URL of one of the connector's webhooks, without `webhookUrlSuffix`. */
  webhookUrl(endpoint: string): string;
}
