import type { LookupAddress } from 'node:dns';
import { addressesOf, type MediaRequest, scopeOf } from '../../sdk/index.js';
import { MediaFailure } from './media-failure.js';

export interface Permission {
  /** This machine itself may play the provider, also by plain http. */
  readonly allowTestEndpoints: boolean;
  /** Hosts that the operator answers for, wherever they are. */
  readonly operatorHosts?: readonly string[] | undefined;
}

/**
 * Reads the URL of one request and judges it by what stands in it. What its host resolves to is judged by
 * `assertPublic`, when the connection looks it up.
 *
 * @param hop 0 for the first request, 1 for the first redirect …
 * @throws {MediaFailure}
 */
export function readTarget(text: string, hop: number, request: MediaRequest, permission: Permission): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url === null || !isHttp || url.username !== '' || url.password !== '') {
    throw new MediaFailure('insecure-url', `${name(hop)} is not a URL that can be fetched safely.`);
  }
  const hosts = hop === 0 ? request.hosts : [...request.hosts, ...(request.redirectHosts ?? [])];
  if (!hosts.includes(url.host)) {
    throw new MediaFailure(
      'host-not-allowed',
      `${name(hop)} names a host that is not one of the provider's.`,
    );
  }
  if (url.protocol === 'http:' && !permission.allowTestEndpoints && !isOperators(url, permission)) {
    throw new MediaFailure(
      'insecure-url',
      `${name(hop)} is plain http; attachments are fetched by https only.`,
    );
  }
  assertAllowed(addressesOf(url), url, permission, 'private-address');
  return url;
}

function name(hop: number): string {
  return hop === 0 ? 'The link of the attachment' : 'The redirect of the attachment';
}

/**
 * @param reason what to call it: an address that stands in a URL stays what it is; a name may lead elsewhere tomorrow.
 * @throws {MediaFailure} unless every address is one that attachments may come from.
 */
export function assertAllowed(
  addresses: readonly LookupAddress[],
  url: URL,
  permission: Permission,
  reason: 'private-address' | 'private-name',
): void {
  if (isOperators(url, permission)) return;
  for (const { address } of addresses) {
    if (permission.allowTestEndpoints && isLoopback(address)) continue;
    if (scopeOf(address) !== 'public') {
      throw new MediaFailure(
        reason,
        'The host of the attachment has an address that is not public. If the provider is played by this machine in a ' +
          'test, set ARCHWAY_ALLOW_TEST_ENDPOINTS=1.',
      );
    }
    if (url.protocol === 'http:') {
      throw new MediaFailure('insecure-url', 'Plain http is for test endpoints on this machine only.');
    }
  }
}

function isOperators({ host }: URL, { operatorHosts = [] }: Permission): boolean {
  return operatorHosts.includes(host);
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address);
}
