import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { isIP, type LookupFunction } from 'node:net';

/** Gives the addresses of a host name; rejects as `dns.lookup` does. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/** Throws unless every one of the addresses may be connected to. */
export type AssertReachable = (addresses: readonly LookupAddress[]) => void;

/**
 * The look-up of a connection, for the option `lookup` of `http.request`: what is checked here is what the socket connects
 * to, with no second question to the name servers in between that could be answered otherwise.
 *
 * A host that is an address is looked up by nobody: give it to `addressesOf`, and the result to `assertReachable`.
 */
export function guardedLookup(resolve: Resolve, assertReachable: AssertReachable): LookupFunction {
  return (hostname, options, callback) => {
    const found = resolve(hostname).then((addresses) => {
      assertReachable(addresses);
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

/** The address that a URL's host is, without brackets; none where the host is a name. */
export function addressesOf(url: URL): LookupAddress[] {
  const address = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  return family === 0 ? [] : [{ address, family }];
}

function noAddress(): NodeJS.ErrnoException {
  return Object.assign(new Error('The name has no address.'), { code: 'ENOTFOUND' });
}
