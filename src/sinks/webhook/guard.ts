import type { LookupAddress } from 'node:dns';
import { Failure, scopeOf } from 'archway/sdk';

export interface Reach {
  readonly allowPrivate: boolean;
  /** Whether the connection is https. */
  readonly encrypted: boolean;
}

/** @throws {Failure} of kind `config` unless every address may be connected to. */
export function assertReachable(addresses: readonly LookupAddress[], reach: Reach): void {
  for (const { address } of addresses) {
    const objection = objectionTo(address, reach);
    // One bad address is enough: which of them is connected to is decided elsewhere.
    if (objection !== undefined)
      throw new Failure('config', `The receiver's host has the address ${address}: ${objection}`);
  }
}

function objectionTo(address: string, { allowPrivate, encrypted }: Reach): string | undefined {
  const scope = scopeOf(address);
  if (scope === 'special')
    return 'nothing is ever posted to addresses of this kind. Give the url of the receiver itself.';
  if (scope === 'private' && !allowPrivate) {
    return 'it is not public. If the receiver is in your own network, set allowPrivate=true.';
  }
  if (scope === 'public' && !encrypted)
    return 'envelopes must not cross the internet in clear. Give an https url.';
  return undefined;
}
