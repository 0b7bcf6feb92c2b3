import type { InstanceVault } from '../vault/index.js';

/** Ids that were asked for lately, by the address as given: a number occurs in record after record. */
const remembered = new WeakMap<InstanceVault, Map<string, string>>();
const rememberedMax = 4_096;

/** Keyed id of an address, by which it is found again without being stored in clear. */
export function addressId(vault: InstanceVault, address: string): string {
  const ids = remembered.get(vault) ?? new Map<string, string>();
  const known = ids.get(address);
  if (known !== undefined) return known;
  if (ids.size === 0) remembered.set(vault, ids);
  if (ids.size >= rememberedMax) ids.clear();
  const id = vault.lookupId('address', canonicalAddress(address));
  ids.set(address, id);
  return id;
}

/** `whatsapp:+1…` and `+1 (202) …` are the address `+1202…`; e-mail is lower case. */
export function canonicalAddress(address: string): string {
  const bare = address.trim().replace(/^(whatsapp|tel|sms):/i, '');
  if (bare.includes('@')) return bare.toLowerCase();
  return /^\+[\d\s().-]+$/.test(bare) ? `+${bare.replaceAll(/\D/g, '')}` : bare;
}
