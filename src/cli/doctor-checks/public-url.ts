import { isIP } from 'node:net';
import type { Config } from '../../config/index.js';
import { isLoopback } from '../connection.js';
import { type Check, fail, ok, warn } from './check.js';

const name = 'public URL';
const remedy =
  'set ARCHWAY_PUBLIC_URL to the https address that providers post to, such as https://archway.example.com';

/** Names that only resolve inside a network. */
const internalNames = /^[^.]+$|\.(local|internal|lan|home\.arpa|test|localhost)$/;
/** RFC 1918, carrier-grade NAT, link-local; and their likes in IPv6. */
const privateAddresses = [
  /^10\./,
  /^192\.168\./,
  /^172\.(1[6-9]|2\d|3[01])\./,
  /^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\./,
  /^169\.254\./,
  /^f[cd]/,
  /^fe[89ab]/,
];

/** Whether providers can reach us under it, unread by others. Signatures are made over it, so it must be exact. */
export function checkPublicUrl({ publicUrl }: Pick<Config, 'publicUrl'>): Check {
  if (publicUrl === undefined) {
    return warn(name, 'not set: webhook URLs lead to this machine, where no provider can reach them', remedy);
  }
  const url = new URL(publicUrl);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isLoopback(publicUrl)) return fail(name, `${publicUrl} leads to this machine only`, remedy);
  if (url.protocol !== 'https:') {
    return fail(name, `${publicUrl} is not https: what clients write would travel in clear`, remedy);
  }
  if (url.search !== '' || url.hash !== '') {
    return fail(name, `${publicUrl} has a query or fragment, which no webhook URL can follow`, remedy);
  }
  if (isIP(host) === 0 ? internalNames.test(host) : privateAddresses.some((pattern) => pattern.test(host))) {
    return warn(
      name,
      `${publicUrl} is an address of a private network: only providers inside it can post to it`,
      remedy,
    );
  }
  return ok(name, `${publicUrl} (\`archway account test\` shows whether it leads here)`);
}
