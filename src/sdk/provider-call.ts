import type { Capture } from './capture.js';
import type { EventAttachment } from './event.js';

/** What a connector gets for a call to its provider. */
export interface CallContext<Settings> {
  readonly settings: Settings;
  /** Aborted when time is up or the gateway stops. */
  readonly signal: AbortSignal;
  readonly now: () => Date;
}

/**
 * How to fetch an attachment. The gateway makes the request itself, by https: it asks only these hosts, sends `headers`
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
  /** Credentials and the like, for the first request only: after a redirect they are not sent, whatever its host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What the provider said that the bytes hash to, lower-case hex; other bytes are refused. */
  readonly sha256?: string;
}

export type MediaReference = EventAttachment;

/** A stretch of time: from `since` on, before `until`. */
export interface TimeWindow {
  readonly since: Date;
  readonly until: Date;
}

/**
 * One thing that the provider lists. `capture` is what `parse` will read: its endpoint is a name by
 * which the connector knows a listed item (no webhook has it), its body the item as the provider gave it.
 */
export type Listed = Pick<Capture, 'endpoint' | 'method' | 'url' | 'headers' | 'body'>;
