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
 * How to fetch an attachment. The gateway makes the request itself: it follows redirects only to `hosts`, sends `headers`
 * to the first host alone, refuses private addresses, and caps size and time.
 */
export interface MediaRequest {
  readonly url: string;
  /** Exact names of the hosts that may serve it. Any other, also by redirect, is refused. */
  readonly hosts: readonly string[];
  /** Credentials and the like, for the first request only. */
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
