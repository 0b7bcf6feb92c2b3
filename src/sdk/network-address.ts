import { BlockList, isIP } from 'node:net';

/**
 * Where an IP address lies. Whoever connects to a host that somebody else has named asks this first: a name can lead to the
 * machine itself, or to what only its network sees.
 *
 * - `public`: on the internet.
 * - `private`: on this machine or in a network of one's own.
 * - `special`: nowhere that a server can be. Link-local (which has the credentials of cloud machines), multicast, unspecified,
 *   reserved, documentation, and IPv6 forms that carry an IPv4 address past a check.
 */
export type AddressScope = 'public' | 'private' | 'special';

/** From the special-purpose registries of IANA (RFC 6890 and its successors). */
const ipv4 = {
  private: subnets('ipv4', ['10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']),
  special: subnets('ipv4', [
    ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24'],
    ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
  ]),
};

const ipv6 = {
  /** All that is assigned for global use; whatever lies outside needs a reason to be let through. */
  global: subnets('ipv6', ['2000::/3']),
  private: subnets('ipv6', ['::1/128', 'fc00::/7']),
  /** Protocol assignments with Teredo, documentation, 6to4. */
  special: subnets('ipv6', ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']),
  /** Translated to IPv4 on the way (RFC 6052): as good as the address inside. */
  translated: subnets('ipv6', ['64:ff9b::/96']),
};

function subnets(family: 'ipv4' | 'ipv6', ranges: readonly string[]): BlockList {
  const list = new BlockList();
  for (const range of ranges) {
    const [network, bits] = range.split('/') as [string, string];
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

/** Judges an address in text form, as the resolver gives it. What is no address is `special`. */
export function scopeOf(address: string): AddressScope {
  const family = isIP(address);
  if (family === 4) return scopeOfIpv4(address);
  // A zone (fe80::1%eth0) belongs to a link.
  if (family !== 6 || address.includes('%')) return 'special';
  if (ipv6.private.check(address, 'ipv6')) return 'private';
  if (ipv6.translated.check(address, 'ipv6')) return scopeOfIpv4(lastFourBytes(address));
  const isGlobal = ipv6.global.check(address, 'ipv6') && !ipv6.special.check(address, 'ipv6');
  return isGlobal ? 'public' : 'special';
}

function scopeOfIpv4(address: string): AddressScope {
  if (ipv4.special.check(address)) return 'special';
  return ipv4.private.check(address) ? 'private' : 'public';
}

/** The end of an IPv6 address, as an IPv4 address. */
function lastFourBytes(address: string): string {
  // The URL parser gives one spelling for all: hexadecimal groups, the longest run of zeros left out.
  const spelled = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const groups = spelled.replace(/::$/, '::0').split(':').slice(-2);
  const [high, low] = groups.map((group) => Number.parseInt(group || '0', 16)) as [number, number];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
