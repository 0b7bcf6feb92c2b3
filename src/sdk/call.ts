import type { Address } from './address.js';
import type { CallEvent } from './event.js';
import type { Route } from './outbound.js';

/** What a connector can do about calls that the gateway is asked to make, declared in its capabilities. */
export interface CallCapability {
  /** Asking twice with the same `id` makes one call. Then, and only then, a call without an answer is asked for again. */
  readonly idempotent: boolean;
  /** How many calls an account may begin in a second. */
  readonly callsPerSecond: number;
}

/** What somebody asks for, before it has a caller. Both as they were typed. */
export interface CallRequest {
  readonly to: string;
  /** Where the custodian is to be rung first. Left out: what the account's settings say. */
  readonly ring?: string | undefined;
}

/** Who calls whom and where it belongs, in the words in which `parse` would tell of it. */
export interface CallRoute extends Route {
  /** Where the custodian is rung first. */
  readonly ring: Address;
}

export type RoutedCall =
  | { readonly ok: true; readonly route: CallRoute }
  /** What is wrong and what to do, for the one who asked. */
  | { readonly ok: false; readonly reason: string };

/** A call that the provider shall make: it rings `ring` first, and then `to`, from the account's number. */
export interface OutboundCall {
  /** UUID of the call: equal on every attempt. Its record has the key `outbound/<id>`. */
  readonly id: string;
  /** From the connector's own `routeCall`, as they stand in the record. */
  readonly from: Address;
  readonly to: Address;
  readonly ring: Address;
  /**
   * Where the provider shall report on this call, and ask what to do next: the public URL of one of the connector's webhooks,
   * by its name. What the connector adds to it (such as the call's id) is in the capture's `url` when it comes back: then
   * its events can be `about` `outbound/<id>` at once.
   */
  callbackUrl(endpoint: string): string;
}

/** A leg of a call that is over, for `recordings`. */
export interface CallLeg {
  /** As `about` of its events names it, or their own key: `call/CA…`. */
  readonly key: string;
  /** The `provider` fields of its events, put together. */
  readonly provider: Readonly<Record<string, string>>;
}

/** A call that is over. */
export interface EndedCall {
  readonly legs: readonly CallLeg[];
  readonly direction: CallEvent['direction'];
}
