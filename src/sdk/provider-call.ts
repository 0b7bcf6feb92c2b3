import type { Capture } from './capture.js';
import type { EventAttachment } from './event.js';

/** What a connector gets for a call to its provider. */
export interface CallContext<Settings> {
  readonly settings: Settings;
  /** Aborted when time is up or the gateway stops. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /**
   * What the account's `run` has put up by `Session.offer`, such as its open socket; undefined while there is none at this
   * node. The connector knows what it is.
   */
  readonly session?: unknown;
}

/**
 * How to fetch an attachment. The gateway makes the request itself: it asks only these hosts, by https, sends `headers`
 * with the first request alone, refuses private addresses, and caps size and time.
 */
export interface MediaRequest {
  readonly url: string;
  /**
   * Hosts that may be asked first, as they stand in a URL: exact, and with the port where it is not that of https. Name
   * them yourself: a host that is taken from the message was chosen by its sender.
   */
  readonly hosts: readonly string[];
  /** Hosts that a redirect may lead to besides those, such as the provider's content delivery network. */
  readonly redirectHosts?: readonly string[];
  /**
   * Those of `hosts` that the operator named in the settings, such as a server of his own: they may have private addresses
   * and speak plain http. Never a host that the provider or a sender named.
   */
  readonly operatorHosts?: readonly string[];
  /** Credentials and the like, for the first request only: after a redirect they are not sent, whatever its host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the provider said that the bytes hash to, after `decode`, in lower-case hex; other bytes are refused. */
  readonly sha256?: string;
  /**
   * Turns what the host sends into the bytes that are kept, such as by decryption, piece by piece. The content type of the
   * answer then says nothing, and is not kept.
   *
   * @throws {Failure} `rejected` when they are not what was promised.
   */
  decode?(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /**
   * Asked once when the host says that the bytes are gone (404, 410): has them put up again, and says how they are
   * fetched then.
   *
   * @throws {Failure} `rejected` when they cannot be had again.
   */
  renew?(): Promise<MediaRequest>;
}

export type MediaReference = EventAttachment;

/** A stretch of time: from `since` on, before `until`. */
export interface TimeWindow {
  readonly since: Date;
  readonly until: Date;
}

/**
 * Something that came by another way than a webhook: listed by the provider, or received by a session. It is what `parse`
 * will read; its endpoint is a name by which the connector knows it, its body the thing as the provider gave it.
 */
export type Listed = Pick<Capture, 'endpoint' | 'method' | 'url' | 'headers' | 'body'>;
