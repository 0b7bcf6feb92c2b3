import type { InstanceVault } from '../vault/index.js';

/** Keyed id of an address, by which it is found again without being stored in clear. */
export function addressId(vault: InstanceVault, address: string): string {
  return vault.lookupId('address', canonicalAddress(address));
}

/** `whatsapp:+1…` and `+1 (202) …` are the address `+1202…`; e-mail is lower case. */
export function canonicalAddress(address: string): string {
  const bare = address.trim().replace(/^(whatsapp|tel|sms):/i, '');
  if (bare.includes('@')) return bare.toLowerCase();
  return /^\+[\d\s().-]+$/.test(bare) ? `+${bare.replaceAll(/\D/g, '')}` : bare;
}
