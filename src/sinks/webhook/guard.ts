import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import { Failure } from 'archway/sdk';
import { scopeOf } from './addresses.js';

/** Gives the addresses of a host name; rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

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

/**
 * The look-up of a connection: what is checked here is what the socket connects to, with no second question to the name
 * servers in between that could be answered otherwise.
 */
export function guardedLookup(resolve: Resolve, reach: Reach): LookupFunction {
  return (hostname, options, callback) => {
    const found = resolve(hostname).then((addresses) => {
      assertReachable(addresses, reach);
      return addresses.filter(({ family }) => !options.family || family === options.family);
    });
    found.then(
      (addresses) => {
        const [first] = addresses;
        if (first === undefined) callback(noAddress(), '');
        else if (options.all) callback(null, [...addresses]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, ''),
    );
  };
}

function noAddress(): NodeJS.ErrnoException {
  return Object.assign(new Error('The name has no address.'), { code: 'ENOTFOUND' });
}
