import { createHash } from 'node:crypto';
import type { Address } from 'archway/sdk';
import { shorten } from './bounds.js';

/** One end of a message or call, and the medium that its prefix names: `tel` where there is none. */
export interface Party {
  readonly address: Address;
  readonly medium: string;
}

const addressLengthMax = 320;
const nameLengthMax = 500;
const conversationLengthMax = 1_000;

const prefixedPattern = /^([a-z][a-z0-9_-]{0,29}):(.+)$/is;
const numberPattern = /^\+[1-9]\d{6,14}$/;

/**
 * Reads `+12025550123`, a short code, an alphanumeric sender, or an address of another channel: `whatsapp:+12025550123`,
 * `rcs:brand`, `messenger:1234`, `client:alice`, `sip:alice@example.com`. Undefined when it is empty or longer than an address can be.
 *
 * @param name What the sender calls himself on the channel.
 */
export function readParty(asReceived: string | undefined, name?: string): Party | undefined {
  if (asReceived === undefined || asReceived === '' || asReceived.length > addressLengthMax) return undefined;
  const claimed = name === undefined ? {} : { name: shorten(name, nameLengthMax) };
  const [, prefix, rest] = prefixedPattern.exec(asReceived) ?? [];
  if (prefix === undefined || rest === undefined) {
    return { address: { scheme: 'tel', value: asReceived, asReceived, ...claimed }, medium: 'tel' };
  }
  const medium = prefix.toLowerCase();
  return { address: { ...identify(medium, rest, asReceived), asReceived, ...claimed }, medium };
}

/** One person is one address on every channel that knows people by their number. */
function identify(medium: string, rest: string, asReceived: string): Pick<Address, 'scheme' | 'value'> {
  if (numberPattern.test(rest)) return { scheme: 'tel', value: rest };
  if (medium === 'whatsapp' || medium === 'sip') return { scheme: medium, value: rest };
  return { scheme: 'other', value: asReceived };
}

/**
 * The people of a conversation and its medium, whoever of them begins: both directions and every receipt give the same.
 */
export function conversationOf(medium: string, parties: readonly Party[]): string {
  const values = new Set(parties.map((party) => party.address.value));
  const scope = [medium, ...[...values].sort()].join('|');
  if (scope.length <= conversationLengthMax) return scope;
  return `${medium}|sha256:${createHash('sha256').update(scope).digest('hex')}`;
}
